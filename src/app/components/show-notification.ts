// Shows a notification of the system: from the page, or through a service worker where pages may not.

export type Told = { title: string; body: string; tag: string; path: string };

const WORKER = "/notification-worker.js";

/** `onOpen`: a click brought the page back. Rejects when this browser can show none. */
export async function showNotification({ title, body, tag, path }: Told, onOpen: () => void): Promise<void> {
  const options = { body, tag, data: { path } };
  const notification = constructOrNull(title, options);
  if (!notification) {
    const registration = await registerWorker();
    return registration.showNotification(title, options);
  }
  notification.onclick = () => {
    window.focus();
    onOpen();
    notification.close();
  };
}

/** Chrome on Android has the constructor, and throws when it is called. */
function constructOrNull(title: string, options: NotificationOptions): Notification | null {
  try {
    return new Notification(title, options);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

async function registerWorker(): Promise<ServiceWorkerRegistration> {
  if (!("serviceWorker" in navigator)) throw new Error("This browser shows no notifications.");
  await navigator.serviceWorker.register(WORKER);
  // One that is still being installed shows nothing.
  return navigator.serviceWorker.ready;
}
