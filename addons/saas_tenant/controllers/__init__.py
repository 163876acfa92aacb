from . import sign_in, upload
