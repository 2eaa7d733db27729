(() => {
  // Every piece of text with too little contrast to what is behind it (WCAG 2.2, 1.4.3), as real styles have it.
  const parse = (text) => { const v = text.match(/[\d.]+/g).map(Number); return [v[0], v[1], v[2], v[3] ?? 1]; };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element, base) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color[3]) layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), base);
  };
  const wrong = [];
  let seen = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || element.closest("script, title, .skip") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const inSvg = element instanceof SVGElement;
    const paint = parse(inSvg ? style.fill : style.color);
    for (const base of [[255, 255, 255, 1], [0, 0, 0, 1]]) {  // a picture may be behind it
      const ground = behind(element, base);
      const [one, other] = [light(over(paint, ground)), light(ground)].sort((a, b) => b - a);
      const ratio = (one + 0.05) / (other + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) wrong.push(`${element.tagName}.${element.className.baseVal ?? element.className} "${walk.currentNode.data.trim().slice(0, 30)}": ${ratio.toFixed(2)}`);
    }
    seen += 1;
  }
  return { seen, wrong: [...new Set(wrong)] };
})()
