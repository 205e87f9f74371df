/* <press-key>: an iteration, key press by key press, and the error of its derivative. Left, the cobweb as far as it
   has come; right, the errors of the iterate, of the unrolled and of the implicit derivative after every step. */

"use strict";

{
  const { define, slider, choice, make, canvas, sideBySide, axes, linear, logarithmic, path, keyed, number } = Explorable;
  const KINDS = { unrolled: "series-1", implicit: "series-2", iterate: "series-3" };
  const NAMES = { iterate: "Iterate", unrolled: "Unrolled derivative", implicit: "Implicit derivative" };
  const size = (value) => number(value, 3); // three digits: sums of two come out right
  const ROUNDING = 14; // so many digits right: no error but that of rounding

  const chosen = ({ data, state }) => data.knobs[state.knob].runs[state.start];

  /* The graph of the key, the diagonal, and the walk between them: up or down to the graph, across to the diagonal. */
  function drawCobweb({ data, state }, width, height) {
    const { phi, graph } = data.knobs[state.knob];
    const { theta } = chosen({ data, state });
    const end = data.across.at(-1);
    const x = linear([0, end], [40, width - 8]);
    const y = linear([0, end], [height - 44, 26]);
    const walk = [[theta[0], 0]];
    for (let k = 0; k < state.step; k += 1) walk.push([theta[k], theta[k + 1]], [theta[k + 1], theta[k + 1]]);
    const line = (points, kind) => {
      const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
      return make("path", { d: path(xs, ys, x, y), class: `line ${kind}` });
    };
    const dot = ([across, up], r) => make("circle", { cx: x(across), cy: y(up), r, class: "dot series-3" });
    return canvas(width, height, "The graph of the key, the diagonal, and the path of the iteration between them", [
      axes(x, y, { xName: "*θ*", yName: `*φ* cos *θ*, *φ* = ${number(phi, 3)}` }),
      line([[0, 0], [end, end]], "mark"),
      line(data.across.map((across, k) => [across, graph[k]]), "truth"),
      line(walk, "thin walk series-3"),
      dot(walk[0], 3.5),
      dot(walk.at(-1), 6),
    ]);
  }

  /* All three errors, and a marker at the step; a press or a drag anywhere takes the step to that place. */
  function drawErrors({ data, state, set }, width, height) {
    const run = chosen({ data, state });
    const x = linear([0, run.steps.at(-1)], [52, width - 10]);
    const y = logarithmic([1e-16, 1e5], [height - 44, 26]);
    const slide = (event) => {
      if (event.buttons !== 1) return;
      const place = event.clientX - event.currentTarget.getBoundingClientRect().left;
      set({ step: Math.round(((place - x.range[0]) / (x.range[1] - x.range[0])) * run.steps.at(-1)) });
    };
    const drawing = canvas(width, height, "Three errors after every iteration, with a mark at the chosen one", [
      axes(x, y, { xName: "iterations", yName: "error" }),
      make("line", { x1: x(state.step), x2: x(state.step), y1: y.range[0], y2: y.range[1], class: "mark" }),
      Object.entries(KINDS).map(([name, kind]) =>
        make("path", { d: path(run.steps, run[name], x, y), class: `line ${kind}` })),
      Object.entries(KINDS).map(([name, kind], k) => make("circle", {
        cx: x(state.step), cy: y(run[name][state.step]), class: `dot ${kind}`,
        r: 7.5 - 2 * k, // dots that fall together are rings around each other
      })),
    ]);
    drawing.addEventListener("pointerdown", slide);
    drawing.addEventListener("pointermove", slide);
    drawing.classList.add("draggable");
    return drawing;
  }

  function right(error, digits) {
    if (digits === ROUNDING) return "right but for rounding";
    const count = digits === 0 ? "no digit" : `${digits} digit${digits > 1 ? "s" : ""}`;
    return `error ${size(error)}, ${count} right`;
  }

  /* Where the error of the unrolled derivative comes from: why it is late. */
  function reason(run, k) {
    if (k === 0) return "The unrolled derivative begins at zero, wherever the iterate begins.";
    if (run.digits.unrolled[k] === ROUNDING) return "All have arrived.";
    const carried = `Unrolled error: ${size(run.carried[k])} carried over`;
    const grown = run.unrolled[k] > run.unrolled[k - 1] ? " It has grown." : "";
    if (run.added[k] === 0) return `${carried}, nothing new: the slopes were taken at rest.${grown}`;
    const added = `${run.added[k] > 0 ? "+" : "−"} ${size(Math.abs(run.added[k]))} new`;
    return `${carried} ${added}: the slopes were taken ${size(run.iterate[k - 1])} away from rest.${grown}`;
  }

  define("press-key", {
    controls: (data) => [
      choice("knob", { label: "Rate", options: data.knobs.map(({ rate }) => number(rate)), start: 1 }),
      choice("start", { label: "Start", options: data.starts }),
      slider("step", { label: "Iterations", count: data.knobs[0].runs[0].steps.length, start: 10 }),
    ],
    draw: (seen) => sideBySide(
      seen.width, (...size) => drawCobweb(seen, ...size), (...size) => drawErrors(seen, ...size),
      { wide: 290, upper: 300, lower: 240 },
    ),
    say: ({ data, state }) => {
      const run = chosen({ data, state });
      const errors = Object.entries(NAMES).map(([name, title]) =>
        keyed(KINDS[name], [make("b", {}, title), `: ${right(run[name][state.step], run.digits[name][state.step])}`]));
      return [errors, make("p", {}, reason(run, state.step))];
    },
  });
}
