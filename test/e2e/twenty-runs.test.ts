import { assert } from "chai";
import { describeForAccounts } from "./support/site.js";

describeForAccounts("long Dockerfiles", (site) => {
  it("runs twenty RUN steps one upon the other", async () => {
    const steps = Array.from({ length: 20 }, (_, i) => `RUN echo ${i} >>/log && cat /log | wc -l`);
    const context = site.context({ Dockerfile: ["FROM busybox", ...steps].join("\n") });
    await site.ok(["-t", "twenty", context]);
    const log = await site.look("twenty", "cat /log");
    assert.deepStrictEqual(
      log.trim().split("\n"),
      steps.map((_, i) => String(i)),
    );
  });
});
