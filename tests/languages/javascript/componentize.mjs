// Makes a component of app.js: `node componentize.mjs WIT SOURCE OUT`. It imports nothing of WASI.
//
// componentize-js uses preview2-shim without saying so; package.json names it for that.

import { writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const [witPath, sourcePath, out] = process.argv.slice(2);
const { component } = await componentize({
  sourcePath,
  witPath,
  worldName: "screening-policy",
  disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
});
await writeFile(out, component);
