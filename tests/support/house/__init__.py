"""A house of many tenants, and how it is measured. `make bench` fills it with 300, the tests of the gateway with 20."""
