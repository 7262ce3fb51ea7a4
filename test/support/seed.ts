// Properties try the same values in each run: what fails in one is then of the change, and fails again.
// TSBUILD_TEST_SEED names other ones.
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["TSBUILD_TEST_SEED"] ?? 1) });
