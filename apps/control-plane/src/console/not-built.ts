/** What stands at the console's address in a checkout whose console was not built. */
export const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Writ: the console is not built</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 36rem; margin: 15vh auto; padding: 0 1rem }
</style>
<main>
  <h1>The console is not built</h1>
  <p>The server runs, and its API answers. The pages are missing from <code>dist/console</code>.</p>
  <p>Run <code>npm run build</code> in the checkout and load this page again. Everything the console shows is also in the
  CLI: <code>./writ help</code>.</p>
</main>
</html>
`;
