"""The services of an installation: the demo's own commands in an installation's folders, for compose and systemd."""
