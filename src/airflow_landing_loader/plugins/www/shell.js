// Shows the page /landing-loader/ as a page of Airflow: a component of the React that Airflow has
// loaded already, around a frame. Airflow finds it by the name of the plugin's react_app.
//
// The address bar follows the frame, so that a page can be reloaded, sent on, and gone back to.
(() => {
  "use strict";
  const React = globalThis.React;
  const Router = globalThis.ReactRouterDOM;
  const prefix = new URL(document.baseURI).pathname.replace(/\/$/, "");
  const inside = `${prefix}/landing-loader/`;
  const outside = "/plugin/landing-loader/";

  function locationOf(frame) {
    try {
      const location = frame.contentWindow.location;
      return location.href === "about:blank" ? null : location;
    } catch {
      return null; // of another origin: no page of ours
    }
  }

  globalThis["Landing zone"] = function LandingZone() {
    const rest = Router.useParams()["*"] ?? "";
    const { search, hash } = Router.useLocation();
    const navigate = Router.useNavigate();
    const kind = Router.useNavigationType();
    const frame = React.useRef(null);
    const wanted = `${inside}${rest}${search}${hash}`;
    // Only the first address is the frame's attribute: a new one would load the page once more.
    const first = React.useRef(wanted);

    // Airflow's own links lead here as well, for example a second click on the menu's entry. Where
    // the browser goes back or forward, it takes the frame along by itself.
    React.useEffect(() => {
      const shown = kind === "PUSH" && locationOf(frame.current);
      if (shown && `${shown.pathname}${shown.search}${shown.hash}` !== wanted) {
        shown.replace(wanted);
      }
    }, [kind, wanted]);

    const onLoad = () => {
      const shown = locationOf(frame.current);
      if (!shown) return;
      if (!shown.pathname.startsWith(inside)) {
        window.location.assign(shown.href); // the login, for example: not within a frame
        return;
      }
      const pathname = outside + shown.pathname.slice(inside.length);
      navigate({ pathname, search: shown.search, hash: shown.hash }, { replace: true });
    };

    return React.createElement("iframe", {
      ref: frame,
      src: first.current,
      onLoad,
      title: "Landing zone",
      style: { border: 0, width: "100%", height: "100%", background: "transparent" },
    });
  };
})();
