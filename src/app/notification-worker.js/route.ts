// `/notification-worker.js`: the service worker that shows notifications where pages may not, as in Chrome on Android.
// It answers a tap and does nothing else; no request goes through it.

const script = `
addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = new URL(event.notification.data.path, location.origin).href;
  event.waitUntil(
    clients.matchAll({ type: "window", includeUncontrolled: true }).then((windows) => {
      const open = windows.find((one) => one.url.split(/[?#]/)[0] === address);
      return open ? open.focus() : clients.openWindow(address);
    }),
  );
});
`;

export function GET(): Response {
  return new Response(script, {
    headers: { "content-type": "text/javascript; charset=utf-8", "cache-control": "no-cache" },
  });
}
