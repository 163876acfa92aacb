from . import run_job, welcome
