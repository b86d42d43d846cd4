// A card on Airflow's home page: what wants attention in the landing zone, and the way there.
(() => {
  "use strict";
  const React = globalThis.React;
  const Router = globalThis.ReactRouterDOM;
  const prefix = new URL(document.baseURI).pathname.replace(/\/$/, "");

  // What a count is called, the worst first.
  const COUNTS = [
    ["failures", "refused", true],
    ["late", "late", true],
    ["waiting", "waiting", false],
    ["loaded_today", "loaded today (UTC)", false],
  ];

  function sentences(overview) {
    const counts = COUNTS.filter(([key]) => Number.isInteger(overview?.[key])).map(
      ([key, words, bad]) => ({
        key,
        words: `${overview[key].toLocaleString()} ${words}`,
        bad: bad && overview[key] > 0,
      }),
    );
    const trouble = { key: "landing", words: "landing cannot be read", bad: true };
    return overview?.landing_trouble ? [trouble, ...counts] : counts;
  }

  globalThis["Landing zone today"] = function LandingZoneToday() {
    const [overview, setOverview] = React.useState(null);

    React.useEffect(() => {
      const gone = new AbortController();
      fetch(`${prefix}/landing-loader/api/v1/overview`, {
        headers: { accept: "application/json" },
        signal: gone.signal,
      })
        .then((answer) => (answer.ok ? answer.json() : null))
        .then(setOverview)
        .catch(() => {}); // the link is there all the same
      return () => gone.abort();
    }, []);

    const item = ({ key, words, bad }) =>
      React.createElement(
        "span",
        { key, style: { fontWeight: bad ? 600 : 400 } },
        `${bad ? "\u26a0 " : ""}${words}`,
      );

    return React.createElement(
      "section",
      {
        "aria-label": "Landing zone",
        style: {
          border: "1px solid var(--chakra-colors-border)",
          borderRadius: "8px",
          color: "var(--chakra-colors-fg)",
          display: "flex",
          flexWrap: "wrap",
          gap: "4px 24px",
          padding: "12px 16px",
        },
      },
      React.createElement(
        Router.Link,
        { to: "/plugin/landing-loader/", style: { fontWeight: 600, textDecoration: "underline" } },
        "Landing zone",
      ),
      ...sentences(overview).map(item),
    );
  };
})();
