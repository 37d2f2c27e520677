// Writes ../graphiql.js.gz, ../graphiql.css.gz and ../LICENSES.txt, which are checked in: building the server needs no
// Node. Run it after changing a version in package.json:
//
//     npm ci --ignore-scripts && npm run build
//
// gzip and not Brotli: browsers ask for Brotli only over TLS, and the demo has none.

import { readFileSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const result = await build({
  entryPoints: { graphiql: "app.jsx" },
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: "out",
  target: "es2020",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".woff2": "dataurl", ".woff": "dataurl", ".ttf": "dataurl" },
});

for (const file of result.outputFiles) {
  const name = file.path.split("/").pop();
  // Its fonts weigh more than all the rest and are Latin only; the system's own do.
  const contents = name.endsWith(".css") ? file.text.replace(/@font-face\s*\{[^}]*\}/g, "") : file.contents;
  // Level 9, no time of writing in the header: the same sources give the same bytes.
  writeFileSync(`../${name}.gz`, gzipSync(contents, { level: 9 }));
}

const packages = new Set(
  Object.keys(result.metafile.inputs)
    .map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean),
);
const notices = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = existsSync(folder) && readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync("../LICENSES.txt", notices.join(`\n${"-".repeat(80)}\n\n`));
