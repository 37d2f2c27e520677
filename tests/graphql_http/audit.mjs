// Runs all audits of the npm package graphql-http against a running server:
//
//     npm ci --ignore-scripts && npm run audit -- http://127.0.0.1:8080/graphql
//
// Prints one line per audit that does not pass and a total; ends with 1 unless all pass.

import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: npm run audit -- URL");
  process.exit(2);
}

const audits = serverAudits({ url, fetchFn: fetch });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === "ok") {
    passed += 1;
  } else {
    console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
}
console.log(`${passed} of ${audits.length} audits passed`);
process.exitCode = passed === audits.length ? 0 : 1;
