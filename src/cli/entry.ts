import { nodeIo } from "./io.js";
import { main } from "./main.js";

void main(process.argv.slice(2), nodeIo()).then((code) => {
  process.exitCode = code;
});
