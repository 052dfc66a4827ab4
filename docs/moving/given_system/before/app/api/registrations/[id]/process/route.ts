import { publishFinalStatus, publishStageUpdate } from "../../../../../lib/registration-pubsub";

export async function POST(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const id = Number((await params).id);
  void validate(id);
  return Response.json({ registrationId: id, status: "PENDING", message: "Validation started" }, { status: 202 });
}

async function validate(id: number): Promise<void> {
  await publishStageUpdate(id, "duplicate_check", "started", "Checking for duplicates");
  await publishStageUpdate(id, "duplicate_check", "completed", "No duplicate found");
  await publishStageUpdate(id, "t24_lookup", "started", "Looking the customer up in core banking");
  await publishStageUpdate(id, "t24_lookup", "completed", "Found 5 accounts");
  await publishFinalStatus(id, "APPROVED", "Customer validated successfully", { accountsFound: 5 });
}
