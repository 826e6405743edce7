// node-soap with our WSDL, behind validation by libxml2 against our schema, because node-soap itself validates nothing.
// It answers at once. Arguments: the port of loopback, the flat WSDL, the folder with the schemas, processes.

import cluster from "node:cluster";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import soap from "soap";
import { XmlDocument, XsdValidator } from "libxml2-wasm";
import { xmlRegisterFsInputProviders } from "libxml2-wasm/lib/nodejs.mjs";

const [port, wsdlPath, schemas, processes] = process.argv.slice(2);

// One schema for the envelope and what is in it, so that a message is parsed and validated once.
const ENVELOPE = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
    targetNamespace="http://schemas.xmlsoap.org/soap/envelope/">
  <xs:import namespace="urn:leadbridge:lead:1" schemaLocation="lead.xsd"/>
  <xs:element name="Envelope"><xs:complexType><xs:sequence>
    <xs:element name="Header" minOccurs="0"/>
    <xs:element name="Body"><xs:complexType><xs:sequence>
      <xs:any namespace="urn:leadbridge:lead:1" processContents="strict"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>`;

if (cluster.isPrimary) {
  for (let number = 0; number < Number(processes); number += 1) cluster.fork();
  cluster.on("exit", () => process.exit(1));
} else {
  serve();
}

function validator() {
  xmlRegisterFsInputProviders();
  return XsdValidator.fromDoc(XmlDocument.fromString(ENVELOPE, { url: join(schemas, "envelope.xsd") }));
}

function isValid(schema, message) {
  let document;
  try {
    document = XmlDocument.fromBuffer(message);
    schema.validate(document);
    return true;
  } catch {
    return false;
  } finally {
    document?.dispose();
  }
}

function createLead(message) {
  if (!message.Lead.Name) throw new Error("a lead has a name");
  return {
    BasicMessageHeader: {},
    Lead: {
      ID: "0000000001",
      UUID: "0a9c4f0e-6f4e-4b62-9f0c-6fd0b8f4a001",
      ChangeStateID: "1f",
      LifeCycleStatusCode: "1",
      ProspectPartyInternalID: "0000000002",
    },
    ReplayedIndicator: false,
    Log: { BusinessDocumentProcessingResultCode: "3" },
  };
}

function serve() {
  const schema = validator();
  const server = createServer((request, response) => response.writeHead(404).end());
  const operations = { CreateLead: createLead };
  const ports = { LeadServiceSoap11: operations, LeadServiceSoap12: operations };
  soap.listen(server, { path: "/soap/LeadService", services: { LeadService: ports }, xml: readFileSync(wsdlPath, "utf8") });
  // node-soap takes a body that somebody has read already; so it is read and validated before.
  const [answer] = server.listeners("request");
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      request.body = Buffer.concat(pieces);
      if (isValid(schema, request.body)) answer(request, response);
      else response.writeHead(500).end("the message breaks the contract");
    });
  });
  server.listen(Number(port), "127.0.0.1");
}
