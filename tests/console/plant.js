// Plants one fault of each kind that the checks of tests.console.browser must find.
() => {
  const main = document.querySelector("main");
  main.innerHTML +=
    '<p>Forgotten English {{ name }} &lt;/b&gt;</p><button class="tiny">一</button><img src="x"><div class="wide">寬</div>';
  Object.assign(main.querySelector(".wide").style, { width: "700px" });
  Object.assign(main.querySelector(".tiny").style, {
    padding: "0",
    width: "12px",
    height: "12px",
    outline: "none",
    boxShadow: "none",
  });
  document.querySelector(".govuk-skip-link").remove();
  console.error("planted");
  new Image().src = "https://elsewhere.invalid/";
};
