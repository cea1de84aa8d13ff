// Passkeys: the three ceremonies, on forms that are marked by data-passkey. Uses webauthn-json.
(() => {
  const options = () => JSON.parse(document.getElementById("passkey-options").textContent);

  const ceremonies = {
    // The server names no person here: the passkey does.
    "sign-in": async (form) => {
      const response = await fetch(form.action, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error("refused");
      return webauthnJSON.get((await response.json()).request_options);
    },
    confirm: () => webauthnJSON.get(options().request_options),
    add: () => {
      const creation = options().creation_options;
      creation.publicKey.authenticatorSelection = {
        ...creation.publicKey.authenticatorSelection,
        residentKey: "required",
        requireResidentKey: true,
        userVerification: "required",
      };
      return webauthnJSON.create(creation);
    },
  };

  const say = (form, sentence) => {
    const place = form.querySelector("[data-passkey-error]");
    place.textContent = sentence;
    place.classList.toggle("d-block", Boolean(sentence));
  };

  const run = async (form) => {
    say(form, "");
    try {
      const credential = await ceremonies[form.dataset.passkey](form);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      const cancelled = error.name === "NotAllowedError" || error.name === "AbortError";
      say(form, cancelled ? "No passkey was used. Try again, or take another way." : "The passkey did not work. Try again, or take another way.");
    }
  };

  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.querySelector("button").disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run(form);
    });
  }
})();
