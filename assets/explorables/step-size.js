/* <step-size>: the step of a difference quotient, slid from 1 to where the numbers run out. Left, a window on the
   curve that is as wide as the step; right, the error of three estimates for every step. */

"use strict";

{
  const { define, slider, make, canvas, sideBySide, axes, linear, logarithmic, path, keyed, number } = Explorable;
  const FLOOR = 1e-17; // an estimate that is right to the last bit has its place at the bottom
  const NAMES = { forward: "Forward difference", central: "Central difference", complex: "Complex step" };
  const KINDS = Object.fromEntries(Object.keys(NAMES).map((name, k) => [name, `series-${k + 1}`]));

  const steps = (data) => data.windows.map((window) => window.h);
  const error = (data, window, name) => Math.abs(window.estimates[name] - data.slope);

  function nearest(values, wanted) {
    const distance = (value) => Math.abs(Math.log(value / wanted));
    return values.reduce((best, value, k) => (distance(value) < distance(values[best]) ? k : best), 0);
  }

  /* The curve around x as the computer sees it, its tangent as a wide band, the quotients that two estimates take. */
  function drawWindow({ data, state }, width, height) {
    const { u, curve, estimates } = data.windows[state.step];
    const x = linear([-1.3, 1.3], [34, width - 8]);
    const y = linear([-1.3, 1.3], [height - 44, 26]);
    const at = (t) => curve[u.indexOf(t)];
    const stroke = (xs, ys, kind) => make("path", { d: path(xs, ys, x, y), class: `line ${kind}` });
    const ends = [[-1, at(-1)], [1, at(1)]];
    const xTicks = [[-1, "*x* − *h*"], [0, "*x*"], [1, "*x* + *h*"]];
    return canvas(width, height, "The sine around x in a window as wide as the step, its tangent, and two quotients", [
      axes(x, y, { xTicks, yTicks: [-1, 0, 1], yName: "(*f*(*t*) − *f*(*x*)) / *h*" }),
      stroke([-1.25, 1.25], [-1.25 * data.slope, 1.25 * data.slope], "band"),
      stroke(u, curve, "truth"),
      stroke([0, 1], [0, estimates.forward], KINDS.forward),
      stroke(ends.map(([t]) => t), ends.map(([, value]) => value), KINDS.central),
      make("circle", { cx: x(0), cy: y(0), r: 6, class: `dot ${KINDS.forward}` }),
      make("circle", { cx: x(1), cy: y(estimates.forward), r: 6, class: `dot ${KINDS.forward}` }),
      ends.map(([t, value]) => make("rect", {
        x: x(t) - 3.5, y: y(value) - 3.5, width: 7, height: 7, class: `dot ${KINDS.central}`,
      })),
    ]);
  }

  /* All errors, and a marker at the step; a press or a drag anywhere takes the step to that place. */
  function drawErrors({ data, state, set }, width, height) {
    const window = data.windows[state.step];
    const x = logarithmic([1e-16, 2], [48, width - 8]);
    const y = logarithmic([FLOOR, 10], [height - 44, 26]);
    const shown = (value) => Math.max(value, FLOOR);
    const slide = (event) => {
      if (event.buttons !== 1) return;
      const place = event.clientX - event.currentTarget.getBoundingClientRect().left;
      const power = -16 + ((place - x.range[0]) / (x(1) - x.range[0])) * 16;
      set({ step: nearest(steps(data), 10 ** power) });
    };
    const drawing = canvas(width, height, "The error of three estimates for every step, with a mark at the chosen one", [
      axes(x, y, { xName: "step *h*", yName: "error" }),
      make("line", { x1: x(window.h), x2: x(window.h), y1: y.range[0], y2: y.range[1], class: "mark" }),
      Object.entries(KINDS).map(([name, kind]) =>
        make("path", { d: path(data.errors.h, data.errors[name].map(shown), x, y), class: `line thin ${kind}` })),
      Object.entries(KINDS).map(([name, kind], k) => make("circle", {
        cx: x(window.h), cy: y(shown(error(data, window, name))), class: `dot ${kind}`,
        r: 7.5 - 2 * k, // dots that fall together are rings around each other
      })),
    ]);
    drawing.addEventListener("pointerdown", slide);
    drawing.addEventListener("pointermove", slide);
    drawing.classList.add("draggable");
    return drawing;
  }

  /* An estimate's name, its error, and what the bound of that error is made of. */
  function line(data, window, name) {
    const made = error(data, window, name);
    const size = made === 0 ? "no error, to the last bit" : `error ${number(made)}`;
    return keyed(KINDS[name], [make("b", {}, NAMES[name]), `: ${size}; ${composition(window.truncation[name])}`]);
  }

  function composition(truncation) {
    if (truncation === undefined) return "nothing is subtracted";
    const share = Math.round(100 * truncation);
    const parts = [[share, "truncation"], [100 - share, "round-off"]].filter(([part]) => part > 0);
    return `its bound: ${parts.map(([part, what]) => `${part === 100 ? "all" : `${part} %`} ${what}`).join(", ")}`;
  }

  define("step-size", {
    controls: (data) => [slider("step", {
      label: "Step",
      count: data.windows.length,
      start: data.start,
      text: (k) => `*h* = ${number(data.windows[k].h)}`,
    })],
    draw: (seen) => sideBySide(
      seen.width, (...size) => drawWindow(seen, ...size), (...size) => drawErrors(seen, ...size),
      { wide: 280, upper: 260, lower: 240 },
    ),
    say: ({ data, state }) => {
      const window = data.windows[state.step];
      const distance = `From *x* to *x* + *h* a double takes ${number(window.doubles)} steps.`;
      return [Object.keys(NAMES).map((name) => line(data, window, name)), make("p", {}, distance)];
    },
  });
}
