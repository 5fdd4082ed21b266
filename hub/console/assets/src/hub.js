// What the pages gain where scripts run. Every journey works without any of it.
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { CharacterCount } from "govuk-frontend/dist/govuk/components/character-count/character-count.mjs";
import { Checkboxes } from "govuk-frontend/dist/govuk/components/checkboxes/checkboxes.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { ExitThisPage } from "govuk-frontend/dist/govuk/components/exit-this-page/exit-this-page.mjs";
import { NotificationBanner } from "govuk-frontend/dist/govuk/components/notification-banner/notification-banner.mjs";
import { Radios } from "govuk-frontend/dist/govuk/components/radios/radios.mjs";
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";
import { createAll } from "govuk-frontend/dist/govuk/init.mjs";
import htmx from "htmx.org";

// The page's rules allow no inline style and no eval; snapshots of pages must not be kept in the browser's storage.
Object.assign(htmx.config, {
  includeIndicatorStyles: false,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
});
// An answer that refuses the input (422) carries the form again with its errors: show it.
htmx.config.responseHandling.unshift({ code: "422", swap: true });

const components = [Button, CharacterCount, Checkboxes, ErrorSummary, NotificationBanner, Radios, SkipLink];

function enhance(scope) {
  for (const component of components) createAll(component, undefined, { scope });
}

document.body.classList.add("js-enabled", "govuk-frontend-supported");
createAll(ExitThisPage);
enhance(document);
htmx.onLoad((element) => {
  if (element !== document.body) enhance(element);
});

// A page of a closed session must not come back by the back button.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
