// Bundles the command line and its libraries into dist/ and compiles it ahead of time: node's own
// start is 35 ms, and loading a hundred modules would be twice that again
// (docs/adr/0004-one-compiled-bundle.md).
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const common = {
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20",
  supported: { "dynamic-import": false }, // code that was compiled ahead cannot import what lies outside
  minify: true, // names as well: V8 reads 5 ms less of them
  charset: "ascii", // V8 keeps one byte per character, and reading needs no decoding
  define: { "import.meta.dirname": "__dirname" },
  plugins: [koffiBinary(), lmdbBinary()],
  sourcemap: "linked",
  legalComments: "none",
};
await build({
  ...common,
  entryPoints: { bundle: "src/cli/entry.ts", repeat: "src/cli/repeat/repeat.ts" },
  // The function that node would wrap it in: doing that at each start copies all of it.
  banner: { js: "(function (exports, require, module, __filename, __dirname) {" },
  footer: { js: "})" },
  external: [
    "@bokuweb/zstd-wasm", // finds its binary beside itself
    "yaml", // rarely needed, and large
  ],
});
// The script of another thread, which node runs as it is: too small to be compiled ahead.
await build({ ...common, entryPoints: { reading: "src/context/reading-thread.ts" } });
copyFileSync("scripts/loader.cjs", "dist/tsbuild.cjs");
execFileSync(process.execPath, ["scripts/compile.cjs"], { stdio: "inherit" });

/** Loads koffi's prebuilt binary by name and at the first call; its own loader takes 5 ms to find it. */
function koffiBinary() {
  const contents = `
    const prebuilt = "@koromix/koffi-" + process.platform + "-" + process.arch;
    let native;
    function koffi() {
      if (native !== undefined) return native;
      try {
        return (native = require(prebuilt + "/linux_" + process.arch + "/koffi.node"));
      } catch {
        return (native = require(prebuilt + "/musl_" + process.arch + "/koffi.node"));
      }
    }
    module.exports = { load: (name) => koffi().load(name), errno: () => koffi().errno() };`;
  const namespace = "koffi-binary";
  return {
    name: namespace,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^koffi$/ }, () => ({ path: "koffi", namespace }));
      onLoad({ filter: /./, namespace }, () => ({ contents }));
    },
  };
}

/** Loads lmdb's prebuilt binary by name, where its own loader would search a dozen directories. */
function lmdbBinary() {
  const contents = `
    const directory = "@lmdb/lmdb-" + process.platform + "-" + process.arch + "/node.";
    const flavours = ["abi" + process.versions.modules + ".glibc", "napi.glibc", "napi.musl"];
    module.exports = () => {
      for (const flavour of flavours) {
        try {
          return require(directory + flavour + ".node");
        } catch (error) {
          if (flavour === "napi.musl") throw error;
        }
      }
    };`;
  return {
    name: "lmdb-binary",
    setup({ onResolve, onLoad }) {
      const namespace = "lmdb-binary";
      onResolve({ filter: /^node-gyp-build-optional-packages$/ }, () => ({
        path: "load",
        namespace,
      }));
      // The build for require(): the one for import asks for import.meta.
      onResolve({ filter: /^lmdb$/ }, ({ resolveDir, kind }) =>
        kind === "dynamic-import"
          ? { path: `${process.cwd()}/node_modules/lmdb/dist/index.cjs` }
          : { resolveDir },
      );
      // For values that are neither JSON nor bytes, which the store does not have.
      onResolve({ filter: /^msgpackr$/ }, () => ({ path: "none", namespace }));
      // For a require() that the bundle has; node's own takes with it all of the loader of ES modules.
      onResolve({ filter: /^node:module$/ }, ({ importer }) =>
        importer.includes("/lmdb/") ? { path: "module", namespace } : undefined,
      );
      onLoad({ filter: /^load$/, namespace }, () => ({ contents }));
      onLoad({ filter: /^module$/, namespace }, () => ({
        contents: "exports.createRequire = () => require;",
      }));
      onLoad({ filter: /^none$/, namespace }, () => ({ contents: "" }));
    },
  };
}
