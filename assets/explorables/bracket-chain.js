/* <bracket-chain>: a product of matrices, bracketed by hand. Above, the factors that are left, to scale, with a button
   between neighbours; below, the polygon with the triangles that were cut off, and the bill next to all orders' bills.

   The state holds the order as one number: each digit says which pair of neighbours was multiplied, counted from the
   left. So 211 stands for: C by B, then D by what came out, then that by A. */

"use strict";

{
  const { define, choice, held, undoing, make, canvas, linear, number } = Explorable;
  const STAGES = "ABCDE";
  const MOST = 4; // multiplications in the longest chain
  const TALLEST = 3; // pixels for a row of a matrix, where there is room

  const count = (value) => value.toLocaleString("en-US");
  const same = (one, other) => String(one.corners) === String(other.corners);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const least = (rows) => Math.min(...rows.map((row) => row.multiply_adds));
  const most = (rows) => Math.max(...rows.map((row) => row.multiply_adds));
  const named = (chain, name) => chain.bracketings.find((row) => row.names.includes(name));
  const pair = (...parts) => parts.map((part) => (part.length > 1 ? `(${part})` : part)).join("");

  /* What an order makes of a chain: the factors that are left, as written from left to right, the multiplications
     that were taken, those on offer, and the bracketings that can still come of it. Digits that fit no pair end it. */
  function play(chain, order) {
    const factors = chain.shapes.map((shape, i) => ({ name: STAGES[i], from: i, to: i + 1, shape })).reverse();
    const steps = chain.bracketings.flatMap((row) => row.steps);
    const between = (left, right) => steps.find((step) => same(step, { corners: [right.from, left.from, left.to] }));
    const taken = [];
    let digits = "";
    for (const digit of String(order)) {
      const at = Number(digit) - 1;
      const [left, right] = [factors[at], factors[at + 1]];
      if (!left || !right) break;
      const step = between(left, right);
      const product = { name: pair(left.name, right.name), from: right.from, to: left.to, shape: step.result, step };
      factors.splice(at, 2, product);
      taken.push(product);
      digits += digit;
    }
    const offers = factors.slice(1).map((right, k) => ({ left: factors[k], right, step: between(factors[k], right) }));
    const holds = (row, { step }) => row.steps.some((other) => same(step, other));
    const reach = chain.bracketings.filter((row) => taken.every((product) => holds(row, product)));
    const total = sum(taken.map(({ step }) => step.multiply_adds));
    return { factors, taken, offers, reach, total, order: Number(digits) };
  }

  /* The factors in a row, with what can be done next between them. */
  function drawChain(chain, { factors, offers, order }, width, set) {
    const columns = sum(chain.shapes.map((shape) => shape.at(-1)));
    const scale = Math.min(TALLEST, (width - 58 * (chain.shapes.length - 1)) / columns);
    const tallest = scale * Math.max(...chain.shapes.flat());
    const matrix = ({ name, shape: [rows, width], step }) => {
      const [across, down] = [scale * width, scale * rows];
      const room = Math.max(across, 9 * name.length);
      const [left, top] = [(room - across) / 2, (tallest - down) / 2];
      const kind = step ? "series-2" : "series-1";
      return canvas(room, tallest + 22, `${name}, ${rows} by ${width}`, [
        make("rect", { x: left, y: top, width: across, height: down, class: `area ${kind}` }),
        make("text", { x: room / 2, y: top + down + 17, "text-anchor": "middle" }, `*${name}*`),
      ]);
    };
    const button = ({ left, right, step }, k) => make("button", {
      type: "button",
      class: "two-lines",
      "data-key": k,
      "aria-label": `Multiply ${left.name} by ${right.name} for ${count(step.multiply_adds)}`,
      onclick: () => set({ order: 10 * order + k + 1 }),
    }, [make("span", {}, "×"), make("span", {}, count(step.multiply_adds))]);
    return [
      undoing("order", order, set),
      make("div", { class: "chain" }, factors.map((factor, k) => [matrix(factor), offers[k] && button(offers[k], k)])),
    ];
  }

  const shade = (chain, step) => 0.08 + (0.37 * step.multiply_adds) / Math.max(
    ...chain.bracketings.flatMap((row) => row.steps.map((other) => other.multiply_adds)),
  );

  /* A corner for each value of the program, with its size, from the input at the bottom right round to the output. */
  function drawPolygon(chain, { taken }, width, height) {
    const sizes = [chain.shapes[0].at(-1), ...chain.shapes.map((shape) => shape[0])];
    const radius = Math.min(width, height) / 2 - 24;
    const around = (k, far) => {
      const angle = -Math.PI / 2 + (2 * Math.PI * (k + 0.5)) / sizes.length;
      return [width / 2 + far * radius * Math.cos(angle), height / 2 + 6 - far * radius * Math.sin(angle)];
    };
    const write = ([x, y], text, kind) => make("text", { x, y: y + 5, "text-anchor": "middle", class: kind }, text);
    const points = (corners) => corners.map((k) => around(k, 1)).join(" ");
    const outline = (corners, options) => make("polygon", { points: points(corners), ...options });
    const value = (k) => (k === sizes.length - 1 ? "y" : "xabcd"[k]);
    return canvas(width, height, "A polygon with a corner for each value; each multiplication has cut off a triangle", [
      outline([...sizes.keys()], { class: "line truth" }),
      taken.map(({ step }, k) => [
        outline(step.corners, { class: "area series-2", "fill-opacity": shade(chain, step) }),
        outline(step.corners, { class: `line ${k === taken.length - 1 ? "newest" : "truth"}` }),
      ]),
      taken.map(({ step }) => write(middle(step.corners.map((k) => around(k, 1))), count(step.multiply_adds))),
      sizes.map((size, k) => write(around(k, 1.16), `*${value(k)}*: ${size}`)),
      chain.shapes.map((_, k) => write(around(k + 0.5, 0.95), `*${STAGES[k]}*`, "series-1")),
    ]);
  }

  /* The centre of the inscribed circle: where a number has most room in a triangle. */
  function middle(corners) {
    const sides = corners.map((_, k) => {
      const [[x, y], [u, v]] = [corners[(k + 1) % 3], corners[(k + 2) % 3]];
      return Math.hypot(x - u, y - v);
    });
    return [0, 1].map((axis) => sum(corners.map((corner, k) => sides[k] * corner[axis])) / sum(sides));
  }

  const MARKS = {
    forward: (x, y) => make("rect", { x: x - 5, y: y - 5, width: 10, height: 10, class: "dot series-1" }),
    reverse: (x, y) => make("polygon", { points: [x - 6, y + 5, x + 6, y + 5, x, y - 6], class: "dot series-2" }),
    best: (x, y) => make("circle", { cx: x, cy: y, r: 9, class: "ring series-3" }),
  };

  /* What was paid so far, as a column; beside it every order's bill, pale where it is out of reach. */
  function drawBill(chain, { taken, reach, total }, width, height) {
    const y = linear([0, most(chain.bracketings)], [height - 20, 30]);
    const [column, dots] = [62, 140];
    const paid = taken.map(({ step }) => step.multiply_adds);
    const costs = [...new Set(chain.bracketings.map((row) => row.multiply_adds))].map((cost) => {
      const rows = chain.bracketings.filter((row) => row.multiply_adds === cost);
      const names = Object.keys(MARKS).filter((name) => rows.some((row) => row.names.includes(name)));
      return { cost, names, open: rows.some((row) => reach.includes(row)) };
    });
    return canvas(width, height, "The multiply-adds so far as a column, beside those of all orders", [
      make("text", { x: 0, y: 12 }, "multiply-adds"),
      y.ticks(4).map((tick) => [
        make("line", { x1: column - 8, x2: width, y1: y(tick), y2: y(tick), class: "grid" }),
        make("text", { x: column - 14, y: y(tick) + 4, "text-anchor": "end", class: "quiet" }, count(tick)),
      ]),
      taken.map(({ step }, k) => {
        const [below, above] = [y(sum(paid.slice(0, k))), y(sum(paid.slice(0, k + 1)))];
        const place = { x: column, width: 34, y: above, height: below - above };
        return make("rect", { ...place, class: "area series-2", "fill-opacity": shade(chain, step) });
      }),
      make("line", { x1: column - 8, x2: dots + 12, y1: y(total), y2: y(total), class: "mark" }),
      costs.map(({ cost, open }) => make("circle", { cx: dots, cy: y(cost), r: 4, class: open ? "dot" : "dot away" })),
      costs.map(({ cost, names }) => [
        names.map((name, k) => {
          const away = !reach.some((row) => row.names.includes(name)) && "away";
          return make("g", { class: away }, MARKS[name](name === "best" ? dots : dots + 15 * k, y(cost)));
        }),
        make("text", { x: dots + 30, y: y(cost) + 5 }, names.join(", ")),
      ]),
    ]);
  }

  const paragraph = (...parts) => make("p", {}, parts);

  function bills(chain) {
    const [forward, reverse, best] = Object.keys(MARKS).map((name) => count(named(chain, name).multiply_adds));
    return `Forward takes ${forward} multiply-adds, reverse ${reverse}, the best order ${best}.`;
  }

  /* How a finished order stands among all of them. */
  function standing(chain, [row]) {
    const best = least(chain.bracketings);
    const modes = row.names.filter((name) => name !== "best").map((name) => `This is ${name} accumulation. `);
    const cheaper = chain.bracketings.filter((other) => other.multiply_adds < row.multiply_adds).length;
    if (cheaper === 0) return [modes, "No order is cheaper."];
    const times = `That is ${number(row.multiply_adds / best)} times the best order’s ${count(best)}`;
    const all = chain.bracketings.length;
    const dearest = row.multiply_adds === most(chain.bracketings);
    const rank = dearest ? "no order is dearer" : `of the ${all} orders, ${cheaper} cost less`;
    return [modes, `${times}; ${rank}.`];
  }

  /* What can still come of an order that has begun. */
  function outlook(chain, reach) {
    const [low, high, best] = [least(reach), most(reach), least(chain.bracketings)];
    if (low === best) return "The best order is still within reach.";
    const end = low === high ? `whatever comes next, it will be ${count(low)}` : `it will be ${count(low)} at least`;
    return `The best order is out of reach: ${end}.`;
  }

  function say({ data, state }) {
    const chain = data[state.chain];
    const { factors, taken, reach, total } = play(chain, state.order);
    const first = "Nothing is multiplied yet. Each dot is what some order costs.";
    if (taken.length === 0) return [paragraph(first), paragraph(bills(chain))];
    const done = factors.length === 1;
    const { name, step, shape } = taken.at(-1);
    const bold = make("b", {}, `*${name}*`);
    const size = Math.max(...taken.map((product) => product.shape[0] * product.shape[1]));
    const largest = `the largest partial product has ${count(done ? reach[0].largest : size)} numbers`;
    if (done) {
      const bill = `: ${count(total)} multiply-adds in all; ${largest}.`;
      return [paragraph(bold, bill), paragraph(standing(chain, reach)), paragraph(bills(chain))];
    }
    const bill = `, ${shape.join(" by ")}, took ${count(step.multiply_adds)}. So far ${count(total)}; ${largest}.`;
    return [paragraph(bold, bill), paragraph(outlook(chain, reach))];
  }

  define("bracket-chain", {
    controls: (data) => [
      choice("chain", { label: "Chain", options: data.map((chain) => chain.name) }),
      held("order", { count: 10 ** MOST }),
    ],
    draw: ({ data, state, width, set }) => {
      const chain = data[state.chain];
      const game = play(chain, state.order);
      const narrow = width < 480;
      const left = narrow ? width : Math.floor(width / 2);
      return [
        drawChain(chain, game, width, set),
        drawPolygon(chain, game, left, 260),
        drawBill(chain, game, narrow ? width : width - left, narrow ? 220 : 260),
      ];
    },
    say,
  });
}
