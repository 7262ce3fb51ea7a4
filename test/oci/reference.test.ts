import { assert } from "chai";
import fc from "fast-check";
import { BuildError } from "../../src/error.js";
import { familiarReference, formatReference, parseReference } from "../../src/oci/reference.js";

const digest = `sha256:${"0a".repeat(32)}`;

describe("parseReference()", () => {
  const cases: readonly (readonly [given: string, canonical: string, familiar: string])[] = [
    ["web", "docker.io/library/web:latest", "web:latest"],
    ["web:1.2", "docker.io/library/web:1.2", "web:1.2"],
    ["org/web", "docker.io/org/web:latest", "org/web:latest"],
    ["docker.io/web", "docker.io/library/web:latest", "web:latest"],
    ["docker.io/library/web", "docker.io/library/web:latest", "web:latest"],
    ["index.docker.io/web", "docker.io/library/web:latest", "web:latest"],
    ["library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"],
    ["ghcr.io/o/web:x_Y-z.1", "ghcr.io/o/web:x_Y-z.1", "ghcr.io/o/web:x_Y-z.1"],
    ["localhost/web", "localhost/web:latest", "localhost/web:latest"],
    ["localhost:5000/web:2", "localhost:5000/web:2", "localhost:5000/web:2"],
    ["[::1]:5000/web", "[::1]:5000/web:latest", "[::1]:5000/web:latest"],
    ["HOST/web", "HOST/web:latest", "HOST/web:latest"],
    ["a__b/c--d.e", "docker.io/a__b/c--d.e:latest", "a__b/c--d.e:latest"],
    [`web@${digest}`, `docker.io/library/web@${digest}`, `web@${digest}`],
    [`web:1@${digest}`, `docker.io/library/web:1@${digest}`, `web:1@${digest}`],
  ];
  for (const [given, canonical, familiar] of cases) {
    it(`reads "${given}"`, () => {
      const reference = parseReference(given);
      assert.strictEqual(formatReference(reference), canonical);
      assert.strictEqual(familiarReference(reference), familiar);
    });
  }

  const refused: readonly (readonly [given: string, why: string])[] = [
    ["", "the name is empty"],
    [":tag", "the name is empty"],
    ["docker.io/", "the name is empty"],
    ["Web", "must be lowercase"],
    ["org/Web", "must be lowercase"],
    ["web:", `"" is not a tag`],
    [`web:${"t".repeat(129)}`, "is not a tag"],
    ["web:-x", "is not a tag"],
    ["web@sha256:12", "is not a digest"],
    [`web@md5:${"0".repeat(32)}`, "is not a digest"],
    [`web@sha512:${"0".repeat(128)}`, "Cannot use digests of sha512: want sha256"],
    [`web@sha384:${"0".repeat(96)}`, "Cannot use digests of sha384: want sha256"],
    ["web@sha512:12", "is not a digest"],
    ["a//b", "is not a repository name"],
    ["a/../b", "is not a repository name"],
    ["-web", "is not a repository name"],
    ["a___b", "is not a repository name"],
    ["web app", "is not a repository name"],
    ["https://ghcr.io/web", "is no"],
    ["exa_mple.com/web", "is not a registry host"],
    ["host:99999/web", "is not a registry host"],
    ["1.2.3.999/web", "is not a registry host"],
    ["[1:2]/web", "is not a registry host"],
    ["0a".repeat(32), "look like an image id"],
    ["a/".repeat(130) + "b", "longer than 255"],
  ];
  for (const [given, why] of refused) {
    it(`refuses "${given.slice(0, 40)}": ${why}`, () => {
      assert.throws(() => parseReference(given), BuildError, why);
    });
  }

  it("reads back every name it writes, and throws nothing but BuildErrors", () => {
    const parts = fc.constantFrom("a", "B", "0", ".", "-", "_", "/", ":", "@", "localhost", digest);
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (chosen) => {
        try {
          const reference = parseReference(chosen.join(""));
          assert.deepStrictEqual(parseReference(formatReference(reference)), reference);
          assert.deepStrictEqual(parseReference(familiarReference(reference)), reference);
        } catch (error) {
          assert.instanceOf(error, BuildError);
        }
      }),
    );
  });
});
