import { queryOptions } from "@tanstack/react-query";
import { queries } from "./cache.ts";
import { api, take } from "./client.ts";

/** Who works, and in which team. */
export const session = () =>
  queryOptions({ queryKey: ["session"], queryFn: () => take(api.GET("/api/v2/session")), staleTime: 60_000 });

/** Begin a session; what was read before, or refused, counts no more. */
export async function signIn(body: { email: string; password: string }) {
  const begun = await take(api.POST("/api/v2/session", { body }));
  queries.clear();
  return begun;
}

/** Choose what to sign in with. */
export const acceptInvitation = (body: { invitation: string; email: string; password: string }) =>
  take(api.POST("/api/v2/session/invitation", { body }));

export const changePassword = (body: { currentPassword: string; newPassword: string }) =>
  take(api.PUT("/api/v2/session/password", { body }));

/** End the session. What was read in it is forgotten by `forget`, once no page shows it any more. */
export const signOut = () => take(api.DELETE("/api/v2/session"));

/** Forget what was read in a session. */
export const forget = () => queries.clear();
