import { Button, Group } from "@mantine/core";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import type { Campaign } from "../../api/types.ts";
import { placesOf } from "./CampaignLayout.tsx";

/**
 * The end of each part of a campaign's settings: a draft goes on to the next part, another campaign is saved.
 * `onSave` says whether it worked.
 */
export function SetupFoot({
  campaign,
  onSave,
  isSaving,
  isChanged,
}: {
  campaign: Campaign;
  onSave: () => Promise<boolean>;
  isSaving: boolean;
  isChanged: boolean;
}) {
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const places = placesOf(campaign);
  const here = places.findIndex((place) => place.to?.split("/").at(-1) === path.split("/").at(-1));
  const next = campaign.status === "draft" ? places[here + 1] : undefined;

  async function go(): Promise<void> {
    if ((await onSave()) && next) await navigate({ to: next.to, params: { campaignId: campaign.id } as never });
  }

  return (
    <Group mt="xl" gap="sm">
      <Button loading={isSaving} disabled={!next && !isChanged} onClick={() => void go()}>
        {next ? "Continue" : "Save"}
      </Button>
      {next && isChanged && (
        <Button variant="default" disabled={isSaving} onClick={() => void onSave()}>
          Save
        </Button>
      )}
    </Group>
  );
}
