// Mounts GraphiQL: operations go to /graphql as the signed-in person, examples come from the hub, nothing is stored.
const place = document.getElementById("graphiql");
const { csrf, lang, examplesTitle, change } = place.dataset;
const { createElement, useState } = React;

// Open at the start: they run as they stand, whoever asks. Every other operation is in the list of examples.
const TABS = ["Me", "Agencies", "MyActions"];

async function fetcher(asked) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": lang };
  if (csrf) headers["X-CSRF-Token"] = csrf;
  const { query, operationName, variables } = asked;
  const body = JSON.stringify({ query, operationName, variables });
  const answer = await fetch("/graphql", { method: "POST", headers, body });
  return answer.json();
}

// What somebody asked about a case must not stay in the browser: GraphiQL's storage lives as long as the page.
function forgetful() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, String(value)),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
    get length() {
      return kept.size;
    },
  };
}

const filled = (example) =>
  Object.keys(example.variables).length ? JSON.stringify(example.variables, null, 2) : "";

function examplesPlugin(examples) {
  function Icon() {
    const line = (y) => createElement("path", { key: y, d: `M3 ${y}h14`, stroke: "currentColor", strokeWidth: 2 });
    return createElement("svg", { viewBox: "0 0 20 20", "aria-hidden": true }, [5, 10, 15].map(line));
  }
  function Content() {
    const { queryEditor, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });
    const [shown, show] = useState("");
    const choose = (example) => {
      queryEditor.setValue(example.query);
      variableEditor.setValue(filled(example));
      show(example.name);
    };
    const row = (example) =>
      createElement(
        "li",
        { key: example.name },
        createElement(
          "button",
          { type: "button", "aria-pressed": shown === example.name, onClick: () => choose(example) },
          example.name,
        ),
        example.kind === "mutation" ? createElement("small", null, change) : null,
      );
    return createElement(
      "div",
      { className: "hub-examples" },
      createElement("div", { className: "graphiql-doc-explorer-title" }, examplesTitle),
      createElement("ul", null, examples.map(row)),
    );
  }
  return { title: examplesTitle, icon: Icon, content: Content };
}

async function start() {
  const [examples, contract] = await Promise.all([
    fetch("/graphiql/examples").then((answer) => answer.json()),
    fetch("/graphiql/schema").then((answer) => answer.text()),
  ]);
  const first = TABS.map((name) => examples.find((example) => example.name === name)).filter(Boolean);
  const plugin = examplesPlugin(examples);
  ReactDOM.createRoot(place).render(
    createElement(GraphiQL, {
      fetcher,
      schema: GraphiQL.GraphQL.buildSchema(contract),
      storage: forgetful(),
      shouldPersistHeaders: false,
      isHeadersEditorEnabled: false,
      showPersistHeadersSettings: false,
      defaultTabs: first.map(({ query }) => ({ query })),
      plugins: [plugin],
      visiblePlugin: plugin.title,
      forcedTheme: "light",
    }),
  );
}

start();
