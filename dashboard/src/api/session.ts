import { queryOptions } from "@tanstack/react-query";
import { queries } from "./cache.ts";
import { sendJson } from "./client.ts";
import type { Member } from "./types.ts";

/** Who works, and in which team. */
export type Session = { member: Member | null; team: { id: string; name: string }; endsAt: string | null };

const ADDRESS = "/api/v2/session";

export const session = () =>
  queryOptions({ queryKey: ["session"], queryFn: () => sendJson<Session>("GET", ADDRESS), staleTime: 60_000 });

export const signIn = (body: { email: string; password: string }) => sendJson<Session>("POST", ADDRESS, body);

export const acceptInvitation = (body: { invitation: string; email: string; password: string }) =>
  sendJson<Session>("POST", `${ADDRESS}/invitation`, { ...body, email: body.email || null });

export const changePassword = (body: { currentPassword: string; newPassword: string }) =>
  sendJson<{ success: boolean }>("PUT", `${ADDRESS}/password`, body);

/** End the session, and forget what was read in it. */
export async function signOut(): Promise<void> {
  await sendJson<null>("DELETE", ADDRESS);
  queries.clear();
}
