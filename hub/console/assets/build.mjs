// Builds ../static/: one style sheet, one script, one icon, and in graphiql/ what only demonstrations show; each file is
// named by its content, and manifest.json lists them.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static");
const budget = 80 * 1024; // bytes of style sheet and script together, gzipped

const style = sass.compile(join(here, "src", "hub.scss"), { loadPaths: [join(here, "node_modules")] });
const css = esbuild.transformSync(style.css, { loader: "css", minify: true, target: ["chrome100", "firefox100", "safari15"] });
const js = esbuild.buildSync({
  entryPoints: [join(here, "src", "hub.js")],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2020"],
  legalComments: "none",
  write: false,
});
const files = {
  "hub.css": Buffer.from(css.code),
  "hub.js": Buffer.from(js.outputFiles[0].contents),
  "icon.svg": readFileSync(join(here, "src", "icon.svg")),
};

// GraphiQL is heavy and loads on its own page alone, so it does not count below. It is copied as published.
const published = (...path) => readFileSync(join(here, "node_modules", ...path));
Object.assign(files, {
  "graphiql/react.js": published("react", "umd", "react.production.min.js"),
  "graphiql/react-dom.js": published("react-dom", "umd", "react-dom.production.min.js"),
  "graphiql/graphiql.js": published("graphiql", "graphiql.min.js"),
  "graphiql/graphiql.css": Buffer.concat([
    published("graphiql", "graphiql.min.css"),
    readFileSync(join(here, "src", "graphiql.css")),
  ]),
  "graphiql/start.js": readFileSync(join(here, "src", "graphiql-start.js")),
});

const weight = gzipSync(files["hub.css"]).length + gzipSync(files["hub.js"]).length;
if (weight > budget) {
  console.error(`style sheet and script weigh ${weight} bytes gzipped; ${budget} is the limit`);
  process.exit(1);
}

mkdirSync(out, { recursive: true });
for (const name of readdirSync(out)) rmSync(join(out, name), { recursive: true });
mkdirSync(join(out, "graphiql"));
const manifest = {};
for (const [name, body] of Object.entries(files)) {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  manifest[name] = name.replace(/\.(\w+)$/, `-${hash}.$1`);
  writeFileSync(join(out, manifest[name]), body);
}
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
console.log(`built ${Object.values(manifest).join(", ")}: ${(weight / 1024).toFixed(1)} kB gzipped`);
