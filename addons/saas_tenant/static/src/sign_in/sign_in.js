// The token stands behind the address's #. It goes into the form, out of the address and its history, and is posted.
(function () {
    const token = window.location.hash.slice(1);
    const form = document.querySelector(".o_saas_sign_in form");
    if (!token || !form) {
        return;
    }
    window.history.replaceState(null, "", window.location.pathname);
    form.elements.token.value = token;
    form.querySelector("button").disabled = false;
    form.submit();
})();
