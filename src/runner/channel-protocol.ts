// The name under which a connection to a runner is upgraded.
export const CHANNEL_PROTOCOL = "berth-channel";
