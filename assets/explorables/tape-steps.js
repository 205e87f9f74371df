/* <tape-steps>: the sweeps over the chapter's graph, one node at a time. Above, values and tangents on their way
   forward; below, cotangents on their way back, which begins when the last value is there. */

"use strict";

{
  const { define, slider, choice, make, canvas, keyed } = Explorable;
  const INPUTS = ["x_1", "x_2"];
  const UP = 90; // pixels for a unit of height; the width gives the other scale
  const RADIUS = 15;
  const LINE = 16; // from one number at a node to the next

  const three = (value) => value.toFixed(3);
  const sum = (edges, part) => edges.map(part).join(" + ");
  const into = (data, name) => data.edges.filter((edge) => edge.to === name);
  const uses = (data, name) => data.edges.filter((edge) => edge.from === name).length;

  /* Words in which each x_1 has its index, in HTML or SVG. */
  function indexed(text, low) {
    return text.split(/(x_\d|\b[uvwy]\b)/).filter((part) => part !== "").map((part, k) => {
      if (!/^(x_\d|[uvwy])$/.test(part)) return part;
      const [letter, index] = part.split("_");
      return [`*${letter}*`, index && low(index)];
    });
  }

  const words = (text) => indexed(text, (index) => make("sub", {}, index));
  const drawn = (text) => indexed(text, (index) => make("tspan", { dy: 4, "font-size": 10 }, index));

  /* Where the sweeps are: the node at work, what is known of each node, and which way it goes. */
  function moment(data, step) {
    const { forward, backward, states } = data;
    const known = [...INPUTS, ...forward.slice(0, step)];
    if (step <= forward.length) return { known, cotangents: {}, ahead: forward[step - 1] };
    const done = step - forward.length - 1;
    return { known, cotangents: states[done], before: states[done - 1], behind: backward[done - 1] };
  }

  /* The graph once, under a title: `numbers(name)` are the texts at a node, at most so many `lines`; `live(edge)` says
     which edges carry something now, and `busy` is the node that they belong to. */
  function drawGraph(data, width, alt, { title, lines, kind, back, numbers, live, busy }) {
    const across = width / 5.8;
    const heights = Object.values(data.places).map(([, y]) => y);
    const top = 28 + LINE * lines + RADIUS;
    const highest = Math.max(...heights);
    const bottom = top + (highest - Math.min(...heights)) * UP;
    const centre = (name) => [data.places[name][0] * across, top + (highest - data.places[name][1]) * UP];
    const between = (edge) => {
      const [from, to] = [centre(edge.from), centre(edge.to)];
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
      const bent = [(from[0] + to[0]) / 2 - edge.bend * dy, (from[1] + to[1]) / 2 + edge.bend * dx];
      return back ? [to, bent, from] : [from, bent, to];
    };
    const towards = ([x, y], [u, v], far) => {
      const length = Math.hypot(u - x, v - y);
      return [x + ((u - x) * far) / length, y + ((v - y) * far) / length];
    };
    const arrow = (edge) => {
      const [from, bent, to] = between(edge);
      const [tail, tip, neck] = [towards(from, bent, RADIUS), towards(to, bent, RADIUS), towards(to, bent, RADIUS + 9)];
      const side = [(neck[1] - tip[1]) * 0.4, (tip[0] - neck[0]) * 0.4];
      const head = [tip, [neck[0] + side[0], neck[1] + side[1]], [neck[0] - side[0], neck[1] - side[1]]];
      const ink = live(edge) ? kind : "mark quiet";
      return [
        make("path", { d: `M${tail}Q${bent} ${neck}`, class: `line ${ink}` }),
        make("polygon", { points: head.join(" "), class: `dot ${live(edge) ? kind : "quiet"}` }),
      ];
    };
    const slope = (edge) => {
      const [from, bent, to] = between(edge);
      const [x, y] = [0, 1].map((axis) => (from[axis] + 2 * bent[axis] + to[axis]) / 4);
      const [dx, dy] = from[0] < to[0] ? [to[0] - from[0], to[1] - from[1]] : [from[0] - to[0], from[1] - to[1]];
      const length = Math.hypot(dx, dy);
      const side = edge.bend > 0 ? -1 : 1; // below the arrow that sags, above the others
      const place = { x: x + (side * 24 * dy) / length, y: y + 5 - (side * 14 * dx) / length };
      return make("text", { ...place, "text-anchor": "middle", class: "slope" }, three(edge.slope));
    };
    const node = (name) => {
      const [x, y] = centre(name);
      const above = data.places[name][1] > 1.5; // the upper ones have their numbers above
      const texts = numbers(name);
      const line = (k) => (above ? y - RADIUS - 6 - LINE * (texts.length - 1 - k) : y + RADIUS + LINE * (k + 1));
      const state = name === busy ? "node busy" : "node";
      return [
        make("circle", { cx: x, cy: y, r: RADIUS, class: texts.length > 0 ? state : "node quiet" }),
        make("text", { x, y: y + 5, "text-anchor": "middle", class: texts.length > 0 ? null : "quiet" }, drawn(name)),
        texts.map(([text, ink], k) => make("text", { x, y: line(k), "text-anchor": "middle", class: ink }, text)),
      ];
    };
    return canvas(width, bottom + RADIUS + LINE * lines + 12, alt, [
      make("text", { x: width / 2, y: 14, "text-anchor": "middle" }, title),
      data.edges.map(arrow),
      data.edges.filter(live).map(slope),
      Object.keys(data.places).map(node),
    ]);
  }

  function drawForward({ data, state }, width) {
    const { known, ahead } = moment(data, state.step);
    const tangents = data.tangents[state.seed];
    return drawGraph(data, width, "The graph, with values and tangents as far as they are known", {
      title: "forward: values, and tangents below them",
      lines: 2,
      kind: "series-1",
      numbers: (name) => (known.includes(name)
        ? [[three(data.values[name]), name === ahead && "busy"], [three(tangents[name]), "series-1"]]
        : []),
      live: (edge) => edge.to === ahead,
      busy: ahead,
    });
  }

  /* Cotangents: quiet as long as a share is missing. */
  function drawBack({ data, state }, width) {
    const { cotangents, before = {}, behind } = moment(data, state.step);
    const whole = data.states.at(-1);
    const ink = (name) => [
      cotangents[name] !== whole[name] && "quiet",
      cotangents[name] !== before[name] && "busy",
    ].filter(Boolean).join(" ");
    return drawGraph(data, width, "The graph, with cotangents as far as they have come back", {
      title: "back: cotangents",
      lines: 1,
      kind: "series-2",
      back: true,
      numbers: (name) => (name in cotangents ? [[three(cotangents[name]), ink(name)]] : []),
      live: (edge) => edge.to === behind,
      busy: behind,
    });
  }

  function sayForward(data, name, seed) {
    const tangents = data.tangents[seed];
    const edges = into(data, name);
    const shares = sum(edges, (edge) => `${three(edge.slope)} · ${three(tangents[edge.from])}`);
    const meet = edges.length > 1 ? "; tangents that meet add up." : ".";
    return [
      make("p", {}, words(`${name} = ${data.formulas[name]} = ${three(data.values[name])}`)),
      keyed("series-1", words(`Tangent of ${name}: ${shares} ≈ ${three(tangents[name])}${meet}`)),
    ];
  }

  /* What a node hands back along one edge, and what that makes with the share that was there before. */
  function sayShare(data, edge, before, after) {
    const name = edge.from;
    const gets = `${name} gets ${three(edge.slope)} · ${three(before[edge.to])} ≈ ${three(edge.cotangent)}`;
    const had = name in before && `it had ${three(before[name])}, for it is used twice`;
    if (had) return `${gets}; ${had}: ${three(after[name])} in all.`;
    return uses(data, name) > 1 ? `${gets}, the first of its two shares.` : `${gets}.`;
  }

  function sayBack(data, { before, behind, cotangents }) {
    return [
      make("p", {}, words(`${behind} = ${data.formulas[behind]} passes its cotangent on.`)),
      into(data, behind).map((edge) => keyed("series-2", words(sayShare(data, edge, before, cotangents)))),
    ];
  }

  function say({ data, state }) {
    const now = moment(data, state.step);
    const last = data.forward.length + data.backward.length + 1;
    const moving = INPUTS[state.seed];
    const number = three(data.states.at(-1)[moving]);
    if (state.step === 0) {
      const given = INPUTS.map((name) => `${name} = ${three(data.values[name])}`).join(", ");
      return [
        make("p", {}, words(`The inputs are given: ${given}.`)),
        keyed("series-1", words(`It is ${moving} that moves: its tangent is 1, the other's 0.`)),
      ];
    }
    if (now.ahead) return sayForward(data, now.ahead, state.seed);
    if (!now.behind) {
      return [
        make("p", {}, "All values are there. Now back."),
        keyed("series-2", words(`Cotangent of y: ${three(1)}, for y moves as much as itself.`)),
      ];
    }
    const same = `The tangent of y and the cotangent of ${moving}: one derivative, from both ends. Both are ${number}.`;
    return [sayBack(data, now), state.step === last && make("p", {}, words(same))];
  }

  define("tape-steps", {
    controls: (data) => [
      slider("step", {
        label: "Step",
        count: data.forward.length + data.backward.length + 2,
        start: data.forward.length + data.backward.length, // where the second share of u arrives
        text: (k) => (k <= data.forward.length ? `${k}, forward` : `${k}, back`),
      }),
      choice("seed", { label: "What moves", options: INPUTS.map(words) }),
    ],
    draw: (seen) => [drawForward(seen, seen.width), drawBack(seen, seen.width)],
    say,
  });
}
