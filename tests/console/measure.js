// What a page looks like as laid out now, for tests.console.browser.look.
() => {
  const shown = (e) => {
    const style = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    return style.visibility !== "hidden" && style.display !== "none" && box.width > 1 && box.height > 1;
  };
  // A link in running text may be as small as its text (WCAG 2.5.8).
  const inText = (e) =>
    getComputedStyle(e).display === "inline" &&
    [...(e.parentElement?.childNodes ?? [])].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
  const small = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter((e) => shown(e) && e.tabIndex >= 0 && !inText(e) && !e.closest(".govuk-skip-link"))
    .filter((e) => e.getBoundingClientRect().width < 23.5 || e.getBoundingClientRect().height < 23.5)
    .map((e) => `${e.tagName} ${e.className} ${(e.textContent || e.name || "").trim().slice(0, 30)}`);
  const own = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    const lang = parent?.closest("[lang]")?.lang;
    if (lang === document.documentElement.lang && !parent.closest("script, style, textarea, [data-latin]"))
      own.push(walk.currentNode.textContent);
  }
  const root = document.documentElement;
  return {
    overflow: root.scrollWidth - root.clientWidth,
    small,
    lang: root.lang,
    h1: document.querySelectorAll("h1").length,
    title: document.title,
    text: document.body.innerText,
    own: own.join(" "),
  };
};
