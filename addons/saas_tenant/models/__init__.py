from . import ir_actions_server, ir_model_fields, ir_module_module
