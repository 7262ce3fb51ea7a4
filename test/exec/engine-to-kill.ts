import { TestRoot } from "./busybox-root.js";
import { step, TestExecutor } from "./sandbox.js";

// Run as a process of its own by a test that kills it: engine-to-kill.ts RUNTIME SCRIPT
const [runtime = "", script = ""] = process.argv.slice(2);
await using executor = await TestExecutor.open({ runtime });
await using root = await TestRoot.open();
await executor.run(step(root, `${script} & ${script}`));
