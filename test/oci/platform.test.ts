import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import type { Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import type { Index } from "../../src/oci/image.js";
import {
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
} from "../../src/oci/platform.js";
import { listPlatforms, selectPlatform } from "../../src/oci/select-platform.js";

describe("parsePlatform()", () => {
  const host: Platform = { os: "linux", architecture: "s390x" };
  const cases: readonly (readonly [string, string])[] = [
    ["linux/amd64", "linux/amd64"],
    ["Linux/AMD64", "linux/amd64"],
    ["linux/x86_64", "linux/amd64"],
    ["linux/x86-64", "linux/amd64"],
    ["linux/amd64/v1", "linux/amd64"],
    ["linux/amd64/v3", "linux/amd64/v3"],
    ["linux/aarch64", "linux/arm64"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm64/8", "linux/arm64"],
    ["linux/arm64/v9", "linux/arm64/v9"],
    ["linux/arm", "linux/arm/v7"],
    ["linux/arm/7", "linux/arm/v7"],
    ["linux/arm/v6", "linux/arm/v6"],
    ["linux/armhf", "linux/arm/v7"],
    ["linux/armel", "linux/arm/v6"],
    ["linux/i386", "linux/386"],
    ["macos/arm64", "darwin/arm64"],
    ["windows/amd64", "windows/amd64"],
    ["linux/some-new-cpu", "linux/some-new-cpu"],
    ["aarch64", "linux/arm64"],
    ["armhf", "linux/arm/v7"],
    ["riscv64", "linux/riscv64"],
    ["linux", "linux/s390x"],
    ["windows", "windows/s390x"],
  ];
  for (const [text, want] of cases) {
    it(`reads "${text}" as ${want}`, () => {
      assert.strictEqual(formatPlatform(parsePlatform(text, host)), want);
    });
  }

  for (const text of ["", "/", "linux/", "/amd64", "linux/amd64/v1/x", "toaster", "linux/am d"]) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => parsePlatform(text, host), BuildError, `platform "${text}"`);
    });
  }

  it("does not guess an architecture where no host is known", () => {
    assert.throws(() => parsePlatform("linux"), BuildError, "names no architecture");
  });
});

describe("normalizePlatform()", () => {
  it("keeps the operating system's version and features", () => {
    const given = { os: "windows", architecture: "x86_64", "os.version": "10.0.1" };
    const want = { os: "windows", architecture: "amd64", "os.version": "10.0.1" };
    assert.deepStrictEqual(normalizePlatform(given), want);
  });
});

describe("hostPlatform()", () => {
  const cases = {
    x64: "linux/amd64",
    arm64: "linux/arm64",
    arm: "linux/arm/v7",
    ia32: "linux/386",
  };
  for (const [arch, want] of Object.entries(cases)) {
    it(`calls ${arch} ${want}`, () => {
      assert.strictEqual(formatPlatform(hostPlatform(arch)), want);
    });
  }
});

describe("selectPlatform()", () => {
  const cases: readonly { has: string[]; want: string; get: string | undefined }[] = [
    { has: ["linux/amd64", "linux/arm64"], want: "linux/arm64", get: "linux/arm64" },
    { has: ["linux/arm64/v8"], want: "linux/arm64", get: "linux/arm64/v8" },
    { has: ["linux/arm/v5", "linux/arm/v6"], want: "linux/arm/v7", get: "linux/arm/v6" },
    { has: ["linux/arm/v7"], want: "linux/arm/v6", get: undefined },
    { has: ["linux/amd64", "linux/amd64/v2"], want: "linux/amd64/v3", get: "linux/amd64/v2" },
    { has: ["linux/amd64"], want: "linux/amd64/v3", get: "linux/amd64" },
    { has: ["linux/amd64/v3"], want: "linux/amd64", get: undefined },
    { has: ["linux/386"], want: "linux/amd64", get: "linux/386" },
    { has: ["linux/arm/v7"], want: "linux/arm64", get: "linux/arm/v7" },
    { has: ["windows/amd64"], want: "linux/amd64", get: undefined },
    { has: ["unknown/unknown"], want: "linux/amd64", get: undefined },
    { has: ["-"], want: "linux/amd64", get: "-" },
    { has: ["-", "linux/amd64"], want: "linux/amd64", get: "linux/amd64" },
  ];
  for (const { has, want, get } of cases) {
    it(`M06 takes ${get ?? "nothing"} of ${has.join(", ")} for ${want}`, () => {
      const found = selectPlatform(indexOf(has), parsePlatform(want));
      assert.strictEqual(found?.annotations?.["name"], get);
    });
  }

  it("skips an attestation that claims a platform", () => {
    const [image] = indexOf(["linux/amd64"]).manifests;
    assert.isDefined(image);
    const annotations = { "vnd.docker.reference.type": "attestation-manifest" };
    const index = { ...indexOf([]), manifests: [{ ...image, annotations }] };
    assert.isUndefined(selectPlatform(index, parsePlatform("linux/amd64")));
  });
});

describe("listPlatforms()", () => {
  it("names what an index offers, attestations left out", () => {
    const index = indexOf(["linux/amd64", "unknown/unknown", "linux/arm64/v8", "-"]);
    assert.deepStrictEqual(listPlatforms(index), ["linux/amd64", "linux/arm64"]);
  });
});

/** An index of these platforms, each with its name as annotation; "-" has no platform. */
function indexOf(platforms: readonly string[]): Index {
  return { schemaVersion: 2, mediaType: "index", manifests: platforms.map(imageFor) };
}

function imageFor(name: string): Descriptor {
  const [os = "", architecture = "", variant] = name.split("/");
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: digestOf(name),
    size: 1,
    annotations: { name },
    ...(name === "-" ? {} : { platform }),
  };
}
