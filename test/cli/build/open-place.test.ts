import { assert } from "chai";
import { parseCacheFrom } from "../../../src/cli/args/cache.js";
import { openPlace } from "../../../src/cli/build/open-place.js";
import type { Io } from "../../../src/cli/io.js";
import type { Session } from "../../../src/cli/session.js";
import { failureOf } from "../../oci/build-errors.js";

function open(text: string, env: Io["env"]): string {
  const [spec] = parseCacheFrom(text);
  if (spec === undefined) throw new Error("nothing was parsed");
  const io = { cwd: "/work", env } as Io;
  const session = { io, registry: () => Promise.reject(new Error("not needed")) };
  return openPlace(spec, session as unknown as Session, []).title;
}

describe("openPlace()", () => {
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const job = { ACTIONS_RESULTS_URL: "https://a.example/", ACTIONS_RUNTIME_TOKEN: "token" };

  const places = [
    ["type=local,src=cache", {}, "directory /work/cache"],
    ["web:cache", {}, "registry web:cache"],
    ["type=registry,ref=a.example/b,registry.insecure=true", {}, "registry a.example/b:latest"],
    ["type=s3,bucket=b", { ...keys, AWS_REGION: "r" }, "bucket b"],
    ["type=s3,region=r", { ...keys, AWS_BUCKET: "b" }, "bucket b"],
    ["type=gha", job, "GitHub's cache service"],
    ["type=gha,url_v2=https://b.example/,token=t", {}, "GitHub's cache service"],
  ] as const;
  for (const [text, env, title] of places) {
    it(`K18 K21 K22 K23 opens ${text}`, () => {
      assert.strictEqual(open(text, env), title);
    });
  }

  const missing = [
    ["type=s3", {}, "Cannot use type=s3 without bucket"],
    ["type=s3,bucket=b", keys, "Cannot use type=s3 without region"],
    ["type=s3,bucket=b,region=r", {}, "Cannot use type=s3 without access_key_id"],
    ["type=gha", {}, "Cannot use type=gha without ACTIONS_RESULTS_URL and ACTIONS_RUNTIME_TOKEN"],
  ] as const;
  for (const [text, env, message] of missing) {
    it(`says what ${text} lacks`, async () => {
      const failure = await failureOf(() => open(text, env), "USAGE");
      assert.strictEqual(failure.message, message);
    });
  }
});
