(function () {
  "use strict";
  var form = document.getElementById("login");
  var error = document.getElementById("error");
  var button = form.querySelector("button");

  // An application that shows this page puts its own function here, now or later.
  window.matrixLogin = window.matrixLogin || {};
  window.matrixLogin.onLogin = window.matrixLogin.onLogin || function (answer) {
    if (typeof window.onLogin === "function") {
      window.onLogin(answer);
    }
  };

  function complain(text) {
    error.textContent = text;
    error.hidden = false;
    button.disabled = false;
    document.getElementById("password").focus();
  }

  function reason(status, answer) {
    if (status === 429 && answer.retry_after_ms) {
      return "Too many attempts. Try again in " + Math.ceil(answer.retry_after_ms / 1000) + " seconds.";
    }
    return answer.error || "The server could not be understood.";
  }

  function finished(request) {
    var answer = {};
    try {
      answer = JSON.parse(request.responseText) || {};
    } catch (mistake) {
      // A proxy's page, perhaps.
    }
    if (request.status !== 200 || !answer.access_token) {
      complain(reason(request.status, answer));
      return;
    }
    form.hidden = true;
    document.getElementById("done").hidden = false;
    window.matrixLogin.onLogin(answer);
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    error.hidden = true;
    button.disabled = true;
    var body = {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: document.getElementById("user").value.trim() },
      password: document.getElementById("password").value
    };
    // What the application wants besides; see "Login Fallback" in the specification.
    var wanted = new URLSearchParams(location.search);
    ["device_id", "initial_device_display_name"].forEach(function (key) {
      if (wanted.get(key)) {
        body[key] = wanted.get(key);
      }
    });
    var request = new XMLHttpRequest();
    request.open("POST", location.pathname.replace(/static\/client\/login\/$/, "client/v3/login"));
    request.setRequestHeader("Content-Type", "application/json");
    request.onload = function () { finished(request); };
    request.onerror = function () { complain("The server could not be reached."); };
    request.send(JSON.stringify(body));
  });
})();
