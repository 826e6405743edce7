// A partner's program that speaks with node-soap: creates a lead, reads it, and sends one that breaks the contract.
// Arguments: the WSDL's address, a caller and its password, the port. Prints what it saw as JSON.

import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import soap from "soap";

const [wsdl, caller, password, port] = process.argv.slice(2);
const client = await soap.createClientAsync(wsdl, { forceSoap12Headers: port.endsWith("12") });
client.setSecurity(new soap.BasicAuthSecurity(caller, password));
const operations = client.LeadService[port];
const bodies = [];
const call = async (name, message) => {
  const header = { BasicMessageHeader: { UUID: randomUUID() } };
  try {
    return await promisify(operations[name])({ ...header, ...message });
  } finally {
    bodies.push(client.lastResponse);
  }
};

const name = `Grüße & <${randomUUID()}>`;
const family = randomUUID().replaceAll(/[^a-z]/g, "x");
const prospect = {
  CategoryCode: "1",
  RoleCode: ["PROSPECT"],
  Person: { GivenName: "Ines", FamilyName: family },
};
const lead = {
  Name: name,
  StartDate: "2026-02-28",
  ProspectParty: { NewBusinessPartner: prospect },
  ExpectedRevenueAmount: { attributes: { currencyCode: "EUR" }, $value: "1200.50" },
  Item: [
    { ProductID: "LOAN", Quantity: { attributes: { unitCode: "EA" }, $value: "2" } },
    { ProductID: "CARD" },
  ],
  Note: [{ attributes: { languageCode: "de" }, $value: "Ruft zurück" }],
};
const created = await call("CreateLead", { Lead: lead });
const read = await call("ReadLead", { LeadSelectionByID: [{ ID: created.Lead.ID }] });
let fault = null;
try {
  await call("CreateLead", { Lead: { ...lead, Name: "", StartDate: "some day" } });
} catch (error) {
  fault = { message: error.message, status: error.response?.status };
}
console.log(JSON.stringify({ name, family, created, read, fault, bodies }));
