"""API keys as people make them, in the preferences."""


def make(client, login, password="admin"):
    """Return a new API key of a user.

    :param Client client: signs in as that user, and keeps the session
    """
    client.login(login, password)
    call = {"args": [{"name": "key"}], "kwargs": {}, "model": "res.users.apikeys.description", "method": "create"}
    wizard = client.call("/web/dataset/call_kw", call)
    call.update(args=[[wizard]], method="make_key")
    answer = client.call("/web/dataset/call_kw", call)
    if answer["res_model"] == "res.users.identitycheck":
        call = {"model": answer["res_model"], "kwargs": {"context": {"password": password}}}
        wizard = [answer["res_id"]]
        client.call("/web/dataset/call_kw", {**call, "args": [wizard, {"password": password}], "method": "write"})
        answer = client.call("/web/dataset/call_kw", {**call, "args": [wizard], "method": "run_check"})
    return answer["context"]["default_key"]
