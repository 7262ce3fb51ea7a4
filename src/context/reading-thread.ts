import { parentPort } from "node:worker_threads";
import { readFiles, type FilesToRead } from "./read-files.js";

// The script of a thread: answers each message with what was read, in order.
parentPort?.on("message", (files: FilesToRead) => {
  parentPort?.postMessage(readFiles(files));
});
