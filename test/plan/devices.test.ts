import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { planOf, stepOf, type Given } from "./planning.js";

function devicesOf(flags: string, given: Given = {}) {
  const { devices } = stepOf(planOf(`FROM base\nRUN ${flags} true`, given), "run");
  return devices.map(({ at: _, ...device }) => device);
}

describe("makePlan(): RUN --device", () => {
  const cases: readonly (readonly [flag: string, name: string, required: boolean])[] = [
    ["acme.com/gpu=0", "acme.com/gpu=0", false],
    ["acme.com/gpu", "acme.com/gpu", false],
    ["acme.com/gpu=*", "acme.com/gpu=*", false],
    ["name=acme.com/gpu=0", "acme.com/gpu=0", false],
    ["acme.com/gpu=0,required", "acme.com/gpu=0", true],
    ["REQUIRED=1,NAME=acme.com/gpu=a", "acme.com/gpu=a", true],
    ["required,required=False,a/b", "a/b", false],
    ["mine,required", "acme.com/gpu=7", true],
  ];
  for (const [flag, name, required] of cases) {
    it(`R12 takes --device=${flag}`, () => {
      const deviceAliases = new Map([["mine", "acme.com/gpu=7"]]);
      assert.deepEqual(devicesOf(`--device=${flag}`, { deviceAliases }), [{ name, required }]);
    });
  }

  it("R12 takes several, in their order", () => {
    const names = devicesOf("--device=z/z --device=a/a").map(({ name }) => name);
    assert.deepEqual(names, ["z/z", "a/a"]);
  });

  const refused: readonly (readonly [flag: string, message: RegExp, hint?: RegExp])[] = [
    ["/dev/fuse", /invalid device "\/dev\/fuse": want VENDOR\/CLASS/, /nvidia\.com\/gpu/],
    ["gpu", /invalid device "gpu"/],
    ["required", /invalid device ""/],
    ["a/b,requierd", /unexpected "requierd" after its name/, /did you mean "required"/],
    ["a/b,c/d", /unexpected "c\/d" after its name/, /one flag names one device/],
    ["a/b,name=c/d", /unexpected "name=c\/d"/],
    ["a/b,required=maybe", /invalid value "maybe" for required/],
    ['"a/b', /a quote is not closed/],
  ];
  for (const [flag, message, hint] of refused) {
    it(`R12 refuses --device=${flag}`, () => {
      try {
        devicesOf(`--device='${flag}'`);
      } catch (error) {
        assert.instanceOf(error, BuildError);
        assert.match(error.message, message);
        assert.propertyVal(error, "code", "SYNTAX");
        if (hint !== undefined) assert.match(error.hint ?? "", hint);
        const { start = 0, end = 0 } = error.at ?? {};
        assert.match(error.at?.source.text.slice(start, end) ?? "", /^--device/);
        return;
      }
      assert.fail("it should have been refused");
    });
  }
});
