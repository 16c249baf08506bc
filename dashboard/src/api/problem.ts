/** What kept a call from working, in words that say what to do; `code` is what programs branch on. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly requestId: string | null;

  constructor(given: {
    code: string;
    message: string;
    status: number;
    details?: Record<string, unknown> | null;
    requestId?: string | null;
  }) {
    super(given.message);
    this.name = "Problem";
    this.code = given.code;
    this.status = given.status;
    this.details = given.details ?? {};
    this.requestId = given.requestId ?? null;
  }
}

type Refused = { code?: unknown; message?: unknown; details?: unknown; requestId?: unknown };

/** The problem that a refusal's body and status mean, whatever stands between us and the server. */
export function fromAnswer(body: unknown, status: number): Problem {
  const refused: Refused = typeof body === "object" && body !== null ? body : {};
  if (typeof refused.code === "string" && typeof refused.message === "string") {
    return new Problem({
      code: refused.code,
      message: refused.message,
      status,
      details: refused.details as Record<string, unknown> | null,
      requestId: typeof refused.requestId === "string" ? refused.requestId : null,
    });
  }
  return new Problem({
    code: "unreadable",
    message: `The server answered ${status} in a form this page does not know. Try again, or look at the server's log.`,
    status,
  });
}

const UNSURE = "Do not send it again: look at the conversation on the platform first.";

/** What to show for anything that was thrown. */
export function inWords(error: unknown): string {
  if (error instanceof Problem) return withIssues(error);
  if (error instanceof TypeError) return "The server cannot be reached. Check that Overture runs, then try again.";
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}

function withIssues(problem: Problem): string {
  if (problem.code === "sendUnconfirmed") return `${problem.message} ${UNSURE}`;
  const issues = issuesOf(problem);
  return issues.length ? issues.map((issue) => issue.text).join(" ") : problem.message;
}

/** The faults of an invalid request, each with where it is. */
export function issuesOf(error: unknown): { path: (string | number)[]; text: string }[] {
  if (!(error instanceof Problem) || error.code !== "invalidRequest") return [];
  const issues = error.details.issues;
  if (!Array.isArray(issues)) return [];
  return issues.map((issue: { path: (string | number)[]; message: string }) => ({
    path: issue.path,
    text: issue.path.length ? `${issue.path.join(" › ")}: ${issue.message}` : issue.message,
  }));
}
