import { assert } from "chai";
import { llbSteps, type LlbSteps } from "../../src/plan/llb-steps.js";
import { planOf, type Given } from "./planning.js";

function stepsOf(text: string, given: Given = {}): LlbSteps {
  const plan = planOf(text, given);
  return llbSteps(
    plan,
    plan.target,
    plan.images.map(() => "sha256:1"),
  );
}

/** Each vertex by its operation, with what it needs. */
function outline({ definition }: LlbSteps): readonly string[] {
  return definition.map(({ id, op, inputs = [] }) => {
    const { Op } = op as { readonly Op: Readonly<Record<string, { identifier?: string }>> };
    const [kind = "end"] = Object.keys(Op);
    return [id, Op["source"]?.identifier ?? kind, ...inputs].join(" ");
  });
}

describe("llbSteps()", () => {
  const text =
    "FROM busybox AS build\nARG V=1\nRUN --mount=type=bind,from=lib,target=/l \\\n  make $V\n" +
    "FROM other AS unused\nRUN no\n" +
    "FROM busybox\nWORKDIR /w\nCOPY a b /c/\nCOPY --from=build /v /\n" +
    "ADD --unpack=true https://me:pw@example.com/x.tgz /x\nADD https://example.com/r.git#v1:d /y";
  const given: Given = { namedContexts: new Map([["lib", { kind: "directory" }]]) };

  it("A01 has a vertex for each step that the target needs, and for each source once", () => {
    assert.deepStrictEqual(outline(stepsOf(text, given)), [
      "step0 docker-image://docker.io/library/busybox:latest@sha256:1",
      "step1 local://lib",
      "step2 exec step0:0 step1:0",
      "step3 file step0:0",
      "step4 local://context",
      "step5 file step3:0 step4:0 step4:0",
      "step6 file step5:0 step2:0",
      "step7 https://****@example.com/x.tgz",
      "step8 file step6:0 step7:0",
      "step9 git://example.com/r.git#v1:d",
      "step10 file step8:0 step9:0",
      "step11 end step10:0",
    ]);
  });

  it("A01 tells where in the Dockerfile they are", () => {
    const { locations } = stepsOf(text, given);
    const at = (first: number, last = first) => ({
      locations: [{ ranges: [{ start: { line: first }, end: { line: last } }] }],
    });
    assert.deepStrictEqual([locations["step0"], locations["step2"]], [{}, at(3, 4)]);
    assert.deepStrictEqual([locations["step3"], locations["step10"]], [at(8), at(12)]);
  });

  it("A01 counts the layers of the target up to each of its steps", () => {
    assert.deepStrictEqual(stepsOf(text, given).layers, [
      { id: "step0", count: 1 },
      { id: "step3", count: 2 },
      { id: "step5", count: 3 },
      { id: "step6", count: 4 },
      { id: "step8", count: 5 },
      { id: "step10", count: 6 },
    ]);
    const upon = stepsOf("FROM a AS b\nRUN one\nFROM b\nRUN two").layers;
    assert.deepStrictEqual(
      upon.map(({ count }) => count),
      [1, 2, 3],
    );
  });

  it("A01 tells of a RUN its words, variables, user, network and mounts, but no secret", () => {
    const run =
      "FROM scratch\nUSER me\nARG A=1\nRUN --network=none --mount=type=secret,id=s --mount=type=tmpfs,target=/t " +
      '--mount=type=cache,target=/k,id=c --mount=type=ssh ["make"]';
    const [step] = stepsOf(run).definition;
    assert.deepStrictEqual(step?.op, {
      Op: {
        exec: {
          meta: {
            args: ["make"],
            env: [
              "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
              "A=1",
              "SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0",
            ],
            cwd: "/",
            user: "me",
          },
          mounts: [
            { dest: "/" },
            { dest: "/k", input: -1, output: -1, mountType: 3, cacheOpt: { ID: "/c" } },
            {
              ...{ dest: "/run/buildkit/ssh_agent.0", input: -1, output: -1, mountType: 2 },
              SSHOpt: { ID: "default", optional: true },
            },
            {
              ...{ dest: "/run/secrets/s", input: -1, output: -1, mountType: 1 },
              secretOpt: { ID: "s", optional: true },
            },
            { dest: "/t", input: -1, output: -1, mountType: 4 },
          ],
          network: 2,
        },
      },
      platform: { Architecture: "amd64", OS: "linux" },
      constraints: {},
    });
  });

  it("A01 tells of a COPY what goes where, and what its flags and heredocs say", () => {
    const copy =
      "FROM scratch\nCOPY --chown=1:2 --chmod=755 --exclude=*.md src /d/\nCOPY <<x /d/\nbody\nx";
    const [, step, heredoc] = stepsOf(copy).definition;
    const text = JSON.stringify([step, heredoc]);
    for (const part of [
      '"src":"/src","dest":"/d/"',
      '"modeStr":"755","owner":"1:2","excludePatterns":["*.md"]',
      `"path":"/d/x","mode":420,"data":"${Buffer.from("body\n").toString("base64")}"`,
    ])
      assert.include(text, part);
  });

  it("A01 names an image of a layout by its digest alone", () => {
    const layout = { kind: "image", reference: "oci-layout:///home/me/images:a" } as const;
    const named: Given = { namedContexts: new Map([["a", layout]]) };
    assert.strictEqual(outline(stepsOf("FROM a", named))[0], "step0 oci-layout://layout@sha256:1");
  });
});
