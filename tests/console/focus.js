// Where the focus is and whether it can be seen, for tests.console.browser.focus_faults. Null: nowhere.
() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const seen = (s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
  // govuk-frontend draws the focus of a radio or checkbox beside it, before its label.
  const beside = e.matches("[type=radio], [type=checkbox]") && e.labels?.[0];
  return {
    what: `${e.tagName} ${e.className}`,
    skip: e.matches(".govuk-skip-link"),
    seen: seen(getComputedStyle(e)) || (!!beside && seen(getComputedStyle(beside, "::before"))),
  };
};
