"""Where things are in v1, and where they are not."""

import httpx

ADDRESSES = {
    "GET /team",
    "GET /account-links",
    "GET /members",
    "GET /tags",
    "GET /statuses",
    "GET /colors",
    "GET /campaigns/v2",
    "POST /campaigns/v2",
    "GET /campaigns/v2/{campaign_id}",
    "PATCH /campaigns/v2/{campaign_id}",
    "DELETE /campaigns/v2/{campaign_id}",
    "POST /campaigns/v2/{campaign_id}/enable",
    "POST /campaigns/v2/{campaign_id}/disable",
    "PATCH /campaigns/v2/{campaign_id}/rules",
    "PUT /campaigns/v2/{campaign_id}/sequence",
    "GET /campaigns/v2/{campaign_id}/leads",
    "POST /campaigns/v2/{campaign_id}/leads",
    "DELETE /campaigns/v2/{campaign_id}/leads",
    "PATCH /campaigns/v2/{campaign_id}/leads/{identifier}",
    "POST /campaigns/v2/{campaign_id}/leads/{identifier}/cancel",
    "GET /campaigns/v2/{campaign_id}/columns",
    "POST /campaigns/v2/{campaign_id}/columns",
    "PATCH /campaigns/v2/{campaign_id}/columns/{column_id}",
    "DELETE /campaigns/v2/{campaign_id}/columns/{column_id}",
    "POST /campaigns/v2/{campaign_id}/automations",
    "PATCH /campaigns/v2/{campaign_id}/automations/{automation_id}",
    "DELETE /campaigns/v2/{campaign_id}/automations/{automation_id}",
    "GET /lists",
    "GET /lists.csv",
    "POST /lists",
    "GET /lists/{list_id}",
    "PATCH /lists/{list_id}",
    "DELETE /lists/{list_id}",
    "GET /lists/{list_id}/columns",
    "POST /lists/{list_id}/columns",
    "PATCH /lists/{list_id}/columns/{column_id}",
    "DELETE /lists/{list_id}/columns/{column_id}",
    "GET /lists/{list_id}/leads",
    "GET /lists/{list_id}/leads.csv",
    "POST /lists/{list_id}/leads",
    "DELETE /lists/{list_id}/leads",
    "PATCH /lists/{list_id}/leads/{platform_id}",
    "POST /lists/{list_id}/consent",
    "GET /lists/{list_id}/import-jobs",
    "POST /lists/{list_id}/import-jobs",
    "GET /lists/{list_id}/import-jobs/{job_id}",
    "POST /lists/{list_id}/import-jobs/{job_id}/cancel",
    "POST /lists/{list_id}/import-jobs/{job_id}/undo",
    "GET /lists/{list_id}/import-jobs/{job_id}/rejects.csv",
}


async def test_the_addresses_are_those_of_v1(v1: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    document = (await v1.get("/openapi.json")).json()
    found = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    assert found == ADDRESSES
    native = (await client.get("/openapi.json")).json()["paths"]
    of_lists = {
        f"{method.upper()} {path.removeprefix('/api/v2')}"
        for path, operations in native.items()
        for method in operations
        if path.startswith("/api/v2/lists")
    }
    assert of_lists == {address for address in found if "/lists" in address}, "lists and imports have what v2 has"


async def test_the_document_of_v1_stands_by_itself_and_describes_everything(
    v1: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    document = (await v1.get("/openapi.json")).json()
    assert document["servers"] == [{"url": "/api/v1"}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary") and operation.get("description"), (method, path)
            (success,) = (status for status in operation["responses"] if status < "300")
            assert success == "200", (method, path)
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description"), (method, path, parameter["name"])
    refused = document["components"]["responses"]["unauthorized"]
    general, narrower = refused["content"]["application/json"]["schema"]["allOf"]
    assert general == {"$ref": "#/components/schemas/ErrorAnswer"}
    assert narrower["properties"]["error"]["properties"]["code"] == {"enum": ["UNAUTHORIZED"]}
    assert refused["description"].startswith("- `UNAUTHORIZED`: ")
    for name, schema in document["components"]["schemas"].items():
        for field, definition in schema.get("properties", {}).items():
            assert definition.get("description"), (name, field)
    native = (await client.get("/openapi.json")).json()
    assert not [path for path in native["paths"] if "v1" in path or "/campaigns/v2" in path]
    assert "ProspectAnswer" not in native["components"]["schemas"]


async def test_the_older_kind_of_campaigns_is_not_here_and_says_where_to_look(v1: httpx.AsyncClient) -> None:
    campaign_id = "c0mdbz3k91yq0c8f4w2n7xhs"
    for method, path in (
        ("GET", f"/campaigns/{campaign_id}"),
        ("PATCH", f"/campaigns/{campaign_id}"),
        ("DELETE", f"/campaigns/{campaign_id}"),
        ("POST", f"/campaigns/{campaign_id}/pause"),
        ("POST", f"/campaigns/{campaign_id}/resume"),
    ):
        response = await v1.request(method, path)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")
        assert f"/api/v1/campaigns/v2/{campaign_id}" in response.json()["error"]["message"]
    for method in ("GET", "POST"):
        response = await v1.request(method, "/campaigns")
        assert response.status_code == 404
        assert "/api/v1/campaigns/v2" in response.json()["error"]["message"]


async def test_an_address_without_the_id_it_wants_tells_its_methods(v1: httpx.AsyncClient) -> None:
    for method in ("PATCH", "DELETE"):
        response = await v1.request(method, "/campaigns/v2")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    told = await v1.options("/campaigns/v2")
    assert (told.status_code, told.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await v1.post("/campaigns/v2/pause")).status_code == 405, "pause is taken for an id"


async def test_an_unknown_address_and_an_unknown_method_are_told_apart(v1: httpx.AsyncClient) -> None:
    nowhere = await v1.get("/threads")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "NOT_FOUND")
    wrong = await v1.put("/lists")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
