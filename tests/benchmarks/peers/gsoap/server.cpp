// gSOAP's server for CreateLead, made from our WSDL: strict validation, a thread for each connection. It answers at
// once. `build.py` runs wsdl2h and soapcpp2 and compiles it; the only argument is the port of loopback.

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "LeadServiceSoap11Binding.nsmap"
#include "soapLeadServiceSoap11BindingService.h"

typedef LeadServiceSoap11BindingService Service;

int Service::CreateLead(ns1__LeadCreateRequestMessage *request, ns1__LeadCreateConfirmationMessage &confirmation) {
  if (request->Lead == nullptr || request->Lead->Name.empty())
    return soap_senderfault("a lead has a name", nullptr);
  confirmation.BasicMessageHeader = soap_new_ns2__BasicMessageHeader(soap);
  ns1__LeadConfirmation *lead = soap_new_ns1__LeadConfirmation(soap);
  lead->ID = "0000000001";
  lead->UUID = "0a9c4f0e-6f4e-4b62-9f0c-6fd0b8f4a001";
  lead->ChangeStateID = "1f";
  lead->LifeCycleStatusCode = static_cast<ns2__LeadLifeCycleStatusCode>(1);
  lead->ProspectPartyInternalID = "0000000002";
  confirmation.Lead = lead;
  confirmation.ReplayedIndicator = false;
  confirmation.Log = soap_new_ns2__Log(soap);
  confirmation.Log->BusinessDocumentProcessingResultCode = static_cast<ns2__ProcessingResultCode>(3);
  return SOAP_OK;
}

int Service::CreateLead_(ns1__LeadCreateRequestMessage *request, ns1__LeadCreateConfirmationMessage &confirmation) {
  return CreateLead(request, confirmation);
}

// The skeleton wants every operation of the WSDL; the benchmark calls none of these.
#define NOT_HERE(operation, request, answer)                                    \
  int Service::operation(request *, answer &) { return SOAP_NO_METHOD; }        \
  int Service::operation##_(request *, answer &) { return SOAP_NO_METHOD; }
NOT_HERE(CheckLead, ns1__LeadCreateCheckQueryMessage, ns1__LeadCreateCheckResponseMessage)
NOT_HERE(ReadLead, ns1__LeadByIDQueryMessage, ns1__LeadByIDResponseMessage)
NOT_HERE(FindLead, ns1__LeadByElementsQueryMessage, ns1__LeadByElementsResponseMessage)
NOT_HERE(ChangeLead, ns1__LeadChangeRequestMessage, ns1__LeadChangeConfirmationMessage)

// gSOAP frees what a call took when its connection ends, unless told to do so after each call.
static int forget_call(struct soap *soap) {
  soap_destroy(soap);
  soap_end(soap);
  return SOAP_OK;
}

int main(int, char **arguments) {
  Service service(SOAP_IO_KEEPALIVE | SOAP_XML_STRICT);
  service.soap->accept_timeout = 0;
  service.soap->send_timeout = service.soap->recv_timeout = 30;
  service.soap->max_keep_alive = 1 << 30;
  service.soap->fserveloop = forget_call;
  service.soap->bind_flags = SO_REUSEADDR;
  if (!soap_valid_socket(service.bind("127.0.0.1", std::atoi(arguments[1]), 1024))) {
    service.soap_stream_fault(std::cerr);
    return 1;
  }
  while (soap_valid_socket(service.accept())) {
    Service *connection = service.copy();
    std::thread([connection] {
      connection->serve();
      connection->destroy();
      delete connection;
    }).detach();
  }
  service.soap_stream_fault(std::cerr);
  return 1;
}
