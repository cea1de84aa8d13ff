// Makes long multiple choices searchable; loaded only when a filter window has one.
export function enhance(select) {
  const address = select.dataset.typeahead;
  const options = { plugins: ["remove_button"], maxOptions: 200, hideSelected: true, closeAfterSelect: false };
  if (address) {
    options.load = async (term, done) => {
      const answer = await fetch(`${address}&term=${encodeURIComponent(term)}`, { headers: { "HX-Request": "true" } });
      done(answer.ok ? (await answer.json()).choices : []);
    };
  }
  new TomSelect(select, options);
}
