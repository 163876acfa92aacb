from . import base_language_import
